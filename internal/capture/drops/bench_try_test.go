package drops

import "testing"

func BenchmarkSymbol(b *testing.B) {
	for b.Loop() {
		lookUp(0xffffffff81a00000)
	}
}
func BenchmarkTypes(b *testing.B) {
	for b.Loop() {
		kernelTypes()
	}
}
