// Package tariff prices a crossing. It knows nothing of bookings or payments.
package tariff

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v2"
)

// Ask is what a customer wants to know a price for. Lengths are centimetres.
type Ask struct {
	Route         string `json:"route" binding:"required"`
	VehicleLength int    `json:"vehicleLength"`
	Adults        int    `json:"adults"`
	Children      int    `json:"children"`
}

// Quote is a price in minor units.
type Quote struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Tariff is one row of a tariff file.
type Tariff struct {
	Route    string `yaml:"route"`
	Currency string `yaml:"currency"`
	Adult    int64  `yaml:"adult"`
	Child    int64  `yaml:"child"`
	// Metre is the price of each started metre of vehicle.
	Metre int64 `yaml:"metre"`
}

// Table holds the tariffs by route.
type Table map[string]Tariff

// ErrNoTariff says that a route is not sold.
var ErrNoTariff = errors.New("no tariff for this route")

// Load reads every .yaml file of a folder.
func Load(dir string) (Table, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	table := Table{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var rows []Tariff
		if err := yaml.UnmarshalStrict(raw, &rows); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, row := range rows {
			table[row.Route] = row
		}
	}
	return table, nil
}

// Quote prices an ask.
func (t Table) Quote(ask Ask) (Quote, error) {
	row, ok := t[ask.Route]
	if !ok {
		return Quote{}, fmt.Errorf("%w: %s", ErrNoTariff, ask.Route)
	}
	metres := int64((ask.VehicleLength + 99) / 100)
	amount := row.Adult*int64(ask.Adults) + row.Child*int64(ask.Children) + row.Metre*metres
	return Quote{Amount: amount, Currency: row.Currency}, nil
}
