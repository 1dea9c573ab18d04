package main

import (
	"log"
	"net/http"
	"os"

	"golang.org/x/net/http2"
	"gopkg.in/yaml.v3"
)

type route struct {
	Name string  `yaml:"name"`
	Lat  float64 `yaml:"lat"`
	Lon  float64 `yaml:"lon"`
}

func main() {
	raw, err := os.ReadFile("routes.yaml")
	if err != nil {
		log.Fatal(err)
	}
	var routes []route
	if err := yaml.Unmarshal(raw, &routes); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: ":8080"}
	if err := http2.ConfigureServer(server, nil); err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.ListenAndServe())
}
