package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"gitlab.sandrill.example/sandrill/checkout/fares-api/internal/tariff"
)

func main() {
	dir := flag.String("tariffs", "tariffs", "folder of tariff files")
	listen := flag.String("listen", ":8080", "address to listen on")
	flag.Parse()

	table, err := tariff.Load(*dir)
	if err != nil {
		log.Fatalf("read tariffs: %v", err)
	}
	r := gin.New()
	r.POST("/quotes", func(c *gin.Context) {
		var ask tariff.Ask
		if err := c.ShouldBindJSON(&ask); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"title": err.Error()})
			return
		}
		quote, err := table.Quote(ask)
		if err != nil {
			c.JSON(http.StatusUnprocessableEntity, gin.H{"title": err.Error()})
			return
		}
		c.JSON(http.StatusOK, quote)
	})
	log.Fatal(r.Run(*listen))
}
