package main

import (
	"net/http"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
)

var upgrader = websocket.Upgrader{}

func main() {
	http.HandleFunc("/tides/", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			logrus.WithError(err).Warn("upgrade")
			return
		}
		defer conn.Close()
	})
	logrus.Fatal(http.ListenAndServe(":8080", nil))
}
