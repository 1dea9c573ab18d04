// Command engine-hours counts running hours.
package main

import (
	"log"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
)

var hours = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "engine_hours_total",
	Help: "Running hours since delivery.",
}, []string{"ship", "engine"})

func main() {
	prometheus.MustRegister(hours)
	listener, err := net.Listen("tcp", ":9090")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(grpc.NewServer().Serve(listener))
}
