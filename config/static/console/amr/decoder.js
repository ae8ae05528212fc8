"use strict";
// A worker that decodes AMR: it is sent `{ command: "decode", buffer }` and answers `{ amr }`, samples from -1 to 1
// or null. The package's file is a module whose function begins to listen.

self.module = {};
importScripts("amrnb.js");
self.module.exports();
