// A Gin server before a queue: it checks the same signature, uses up the nonce and the Idempotency-Key, and puts
// the body into a list in Redis, atomically. Whether the message can be sent is only checked later. Reads REDIS
// (an address), PORT, KEY and SECRET.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gomodule/redigo/redis"
)

var accept = redis.NewScript(3, `
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', 600) then return -1 end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', 86400) then return -2 end
return redis.call('LPUSH', KEYS[3], ARGV[2])`)

func signed(secret string, c *gin.Context, body []byte) bool {
	digest := sha256.Sum256(body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.Join([]string{c.Request.Method, c.Request.URL.EscapedPath(), c.Request.URL.RawQuery,
		c.GetHeader("X-Timestamp"), c.GetHeader("X-Nonce"), hex.EncodeToString(digest[:])}, "\n")))
	given, err := hex.DecodeString(c.GetHeader("X-Signature"))
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

func main() {
	secret, key := os.Getenv("SECRET"), os.Getenv("KEY")
	pool := &redis.Pool{MaxIdle: 64, Dial: func() (redis.Conn, error) { return redis.DialURL(os.Getenv("REDIS")) }}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.LoggerWithWriter(io.Discard), gin.Recovery())
	engine.POST("/api/v1/push", func(c *gin.Context) {
		body, _ := io.ReadAll(c.Request.Body)
		at, err := strconv.ParseInt(c.GetHeader("X-Timestamp"), 10, 64)
		if off := time.Now().Unix() - at; err != nil || off > 300 || off < -300 ||
			c.GetHeader("X-Key") != key || !signed(secret, c, body) {
			c.JSON(401, gin.H{"error": "bad_signature"})
			return
		}
		var message struct{ To, Template, Url, Reference string }
		if json.Unmarshal(body, &message) != nil || message.To == "" {
			c.JSON(400, gin.H{"error": "invalid"})
			return
		}
		conn := pool.Get()
		defer conn.Close()
		print := sha256.Sum256(body)
		number, err := redis.Int(accept.Do(conn, "gin:nonce:"+c.GetHeader("X-Nonce"),
			"gin:key:"+c.GetHeader("Idempotency-Key"), "gin:queue", hex.EncodeToString(print[:]), body))
		if err != nil || number < 0 {
			c.JSON(503, gin.H{"error": "try again"})
			return
		}
		c.JSON(202, gin.H{"messages": []gin.H{{"id": number, "to": message.To, "template": message.Template,
			"reference": message.Reference, "state": "pending"}}})
	})
	log.Fatal(engine.Run("127.0.0.1:" + os.Getenv("PORT")))
}
