// Preloaded into Node: connections to any https host lead to the simulator, with the host's own name in TLS.
const https = require("https");
const tls = require("tls");

const port = Number(process.env.SIMULATOR_TLS_PORT);
const lead = (options) => ({
  ...options, host: "127.0.0.1", hostname: undefined, path: undefined, port, lookup: undefined,
  servername: options.servername || options.hostname || options.host,
});

https.Agent.prototype.createConnection = function createConnection(options, ready) {
  return tls.connect(lead(typeof options === "object" ? options : { host: arguments[1], port: options }), typeof ready === "function" ? ready : undefined);
};
