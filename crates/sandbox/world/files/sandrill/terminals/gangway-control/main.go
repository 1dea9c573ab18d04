package main

import (
	"log"
	"net/http"
	"os"

	"github.com/dgrijalva/jwt-go"
	"github.com/gorilla/handlers"
	"golang.org/x/crypto/bcrypt"
)

func allowed(token string) bool {
	parsed, err := jwt.Parse(token, func(*jwt.Token) (interface{}, error) {
		return []byte(os.Getenv("GANGWAY_KEY")), nil
	})
	return err == nil && parsed.Valid
}

func main() {
	pin, err := bcrypt.GenerateFromPassword([]byte(os.Getenv("GANGWAY_PIN")), bcrypt.DefaultCost)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/raise", func(w http.ResponseWriter, r *http.Request) {
		if !allowed(r.Header.Get("Authorization")) || bcrypt.CompareHashAndPassword(pin, []byte(r.FormValue("pin"))) != nil {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", handlers.LoggingHandler(os.Stdout, http.DefaultServeMux)))
}
