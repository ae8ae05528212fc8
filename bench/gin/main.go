// A Gin server for the same callbacks with the same durability: one committed Postgres row before each answer,
// 50 keywords tried in order. Reads PG (a DSN) and PORT.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	_ "github.com/lib/pq"
)

const (
	appID = "wx0123456789abcdef"
	token = "benchtoken"
)

var aesKey, _ = base64.StdEncoding.DecodeString("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=")

type pushed struct {
	ToUserName, FromUserName, MsgType, Content string
	CreateTime, MsgId                          int64
}

func sha1Of(parts ...string) string {
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func matches(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

func open(sealed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < 32 || len(raw)%16 != 0 {
		return nil, errors.New("not a ciphertext")
	}
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, aesKey[:16]).CryptBlocks(raw, raw)
	padding := int(raw[len(raw)-1])
	if padding < 1 || padding > 32 || padding > len(raw)-20 {
		return nil, errors.New("padding")
	}
	raw = raw[:len(raw)-padding]
	length := int(binary.BigEndian.Uint32(raw[16:20]))
	if length > len(raw)-20 || string(raw[20+length:]) != appID {
		return nil, errors.New("appid")
	}
	return raw[20 : 20+length], nil
}

func seal(text []byte) string {
	raw := make([]byte, 20, 20+len(text)+len(appID)+32)
	_, _ = rand.Read(raw[:16])
	binary.BigEndian.PutUint32(raw[16:20], uint32(len(text)))
	raw = append(append(raw, text...), appID...)
	padding := 32 - len(raw)%32
	for i := 0; i < padding; i++ {
		raw = append(raw, byte(padding))
	}
	block, _ := aes.NewCipher(aesKey)
	cipher.NewCBCEncrypter(block, aesKey[:16]).CryptBlocks(raw, raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func database() *sql.Stmt {
	db, err := sql.Open("postgres", os.Getenv("PG"))
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	if _, err = db.Exec(`CREATE TABLE IF NOT EXISTS gin_inbox (id bigserial PRIMARY KEY, account int NOT NULL,
		key text NOT NULL, body jsonb NOT NULL, answer text, at timestamptz DEFAULT now(), handled_at timestamptz,
		UNIQUE (account, key))`); err != nil {
		log.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO gin_inbox (account, key, body, answer) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING")
	if err != nil {
		log.Fatal(err)
	}
	return insert
}

func main() {
	type rule struct{ keyword, reply string }
	var rules []rule
	for i := 0; i < 49; i++ {
		rules = append(rules, rule{fmt.Sprintf("关键词%d", i), fmt.Sprintf("回复%d", i)})
	}
	rules = append(rules, rule{"价格", "价格是 99 元"})
	insert := database()

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.LoggerWithWriter(io.Discard), gin.Recovery())
	engine.POST("/wechat", func(c *gin.Context) {
		body, _ := io.ReadAll(c.Request.Body)
		var envelope struct{ Encrypt string }
		timestamp, nonce := c.Query("timestamp"), c.Query("nonce")
		if xml.Unmarshal(body, &envelope) != nil ||
			!matches(c.Query("signature"), sha1Of(token, timestamp, nonce)) ||
			!matches(c.Query("msg_signature"), sha1Of(token, timestamp, nonce, envelope.Encrypt)) {
			c.String(403, "refused")
			return
		}
		var message pushed
		if text, err := open(envelope.Encrypt); err != nil || xml.Unmarshal(text, &message) != nil {
			c.String(403, "refused")
			return
		}
		reply := ""
		for _, each := range rules {
			if strings.Contains(message.Content, each.keyword) {
				reply = each.reply
				break
			}
		}
		row, _ := json.Marshal(message)
		if _, err := insert.Exec(strconv.FormatInt(message.MsgId, 10), row, reply); err != nil {
			c.String(503, "try again")
			return
		}
		if reply == "" {
			c.String(200, "success")
			return
		}
		sealed := seal([]byte(fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[%s]]>"+
			"</FromUserName><CreateTime>%d</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[%s]]></Content></xml>",
			message.FromUserName, message.ToUserName, time.Now().Unix(), reply)))
		c.Data(200, "text/xml", []byte(fmt.Sprintf("<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"+
			"<TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>", sealed, sha1Of(token, timestamp, nonce, sealed), timestamp, nonce)))
	})
	log.Fatal(engine.Run("127.0.0.1:" + os.Getenv("PORT")))
}
