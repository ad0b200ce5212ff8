package faq

import (
	"encoding/gob"
	"os"
	"testing"
	"time"
)

func TestDevRows(t *testing.T) {
	if os.Getenv("DEVROWS") == "" {
		t.Skip()
	}
	t0 := time.Now()
	rows := fitRows(t)
	t.Log(len(rows), time.Since(t0))
	f, _ := os.Create(os.Getenv("DEVROWS"))
	defer f.Close()
	if err := gob.NewEncoder(f).Encode(rows); err != nil {
		t.Fatal(err)
	}
}
