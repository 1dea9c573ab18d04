package tariff

import "testing"

func TestQuoteCountsStartedMetres(t *testing.T) {
	table := Table{"sandvik-holm": {Route: "sandvik-holm", Currency: "NOK", Adult: 12000, Metre: 3500}}
	got, err := table.Quote(Ask{Route: "sandvik-holm", Adults: 1, VehicleLength: 451})
	if err != nil {
		t.Fatal(err)
	}
	if got.Amount != 12000+5*3500 {
		t.Fatalf("got %d", got.Amount)
	}
}
