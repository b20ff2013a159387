package segment

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A column has what was put into it, in whatever way: one by one, many at once,
// with and without values, the same again and again.
func TestAColumnHasWhatWasPutIntoIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		values := 1 + random.IntN(3)
		c, want := column{}, []any{}
		for range random.IntN(12) {
			n := 1 + random.IntN(5)
			switch number := int64(random.IntN(values)); random.IntN(6) {
			case 0:
				c.put(number)
				want = append(want, number)
			case 1:
				c.skip(n)
				want = append(want, make([]any, n)...)
			case 2:
				if len(want) > 0 {
					c.again(n)
					want = append(want, slices.Repeat(want[len(want)-1:], n)...)
				}
			case 3:
				nums, there, of := []int64{number, int64(random.IntN(values)), int64(random.IntN(values))}, random.Uint64()&7, []uint8{0, 1, 2}
				for range n {
					of = append(of, uint8(random.IntN(3)))
				}
				for _, at := range of {
					if there>>at&1 == 1 {
						want = append(want, nums[at])
					} else {
						want = append(want, nil)
					}
				}
				c.putOf(nums, there, of)
			default:
				nums, there := make([]int64, n), random.Uint64()
				for i := range nums {
					nums[i] = int64(random.IntN(values))
					if there>>i&1 == 1 {
						want = append(want, nums[i])
					} else {
						want = append(want, nil)
					}
				}
				c.putAll(nums, there&(1<<n-1))
			}
		}
		got, present := []any{}, 0
		for row := range c.rows {
			n, there := c.value(row)
			if !there {
				got = append(got, nil)
				continue
			}
			got, present = append(got, n), present+1
		}
		if diff := cmp.Diff(want, got); diff != "" || present != c.present {
			t.Fatalf("seed %d: %d present, said %d (-put +had):\n%s", seed, present, c.present, diff)
		}
	}
}

// Each text has one code, however many there are and whether it is the same
// place in memory or not.
func TestADictionaryKnowsEachText(t *testing.T) {
	t.Parallel()
	var d dictionary
	for range 2 {
		for n := range 20_000 {
			text := fmt.Sprint("text ", n%7000)
			if code := d.text(text); code != int64(n%7000) || string(d.at(code)) != text {
				t.Fatalf("%q has the code %d, which is %q", text, code, d.at(code))
			}
		}
		d.reset()
	}
	for n := range 20_000 { // addresses that share their last bytes
		a := netip.AddrFrom4([4]byte{10, byte(n % 3), byte(n % 50), byte(n % 7)})
		if code := d.address(a); string(d.at(code)) != a.String() {
			t.Fatalf("%v is %q", a, d.at(code))
		}
	}
}
