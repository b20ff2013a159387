package funcs

import (
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	quantity := func(name, doc string, all map[string]unit) *Func {
		return &Func{Name: "convert_" + name, Sig: "value:real from:string to:string", Returns: value.RealType,
			Doc: doc + "; null where a unit is not known.", Eval: func(c *Call) any { return convertUnit(c, all) }}
	}
	register(Scalar, "units", []*Func{
		{Name: "convert_angle", Sig: "value:real from:string to:string", Returns: value.RealType,
			Doc: "Converts an angle from one unit to another; null where a unit is not known.", Eval: evalConvertAngle},
		quantity("energy", "Converts an energy from one unit to another", energyUnits),
		quantity("force", "Converts a force from one unit to another", forceUnits),
		quantity("length", "Converts a length from one unit to another", lengthUnits),
		quantity("mass", "Converts a mass from one unit to another", massUnits),
		quantity("speed", "Converts a speed from one unit to another", speedUnits),
		quantity("volume", "Converts a volume from one unit to another", volumeUnits),
		{Name: "convert_temperature", Sig: "value:real from:string to:string", Returns: value.RealType,
			Doc: "Converts a temperature from one scale to another; null where one is not known.", Eval: evalConvertTemperature},
		{Name: "format_bytes", Sig: "size:real precision:integer?! units:string?!", Returns: value.StringType, Naming: FirstArg,
			Doc: "Writes a number of bytes with a unit, Bytes to EB, that fits or is given.", Eval: evalFormatBytes},
	})
}

func mustReal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("funcs: no factor: " + s)
	}
	return f
}

func convertUnit(c *Call, all map[string]unit) any {
	from, ok1 := all[strings.ToLower(c.Str(1))]
	to, ok2 := all[strings.ToLower(c.Str(2))]
	if !ok1 || !ok2 {
		return nil
	}
	return to.fromBase(from.toBase(c.Real(0, 0)))
}

// evalConvertAngle knows tilt besides units that are proportional.
func evalConvertAngle(c *Call) any {
	degrees := func(name string) (scale, bool) {
		if name = strings.ToLower(name); name == "tilt" {
			return tilt, true
		}
		u, ok := angleUnits[name]
		return scale{u.toBase, u.fromBase}, ok
	}
	from, ok1 := degrees(c.Str(1))
	to, ok2 := degrees(c.Str(2))
	if !ok1 || !ok2 {
		return nil
	}
	return to.fromBase(from.toBase(c.Real(0, 0)))
}

func evalConvertTemperature(c *Call) any {
	from, ok1 := temperatures[strings.ToLower(c.Str(1))]
	to, ok2 := temperatures[strings.ToLower(c.Str(2))]
	if !ok1 || !ok2 {
		return nil
	}
	return to.fromBase(from.toBase(c.Real(0, 0)))
}

var byteUnits = []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}

// evalFormatBytes rounds to that many digits behind the point and writes no
// zeros at the end.
func evalFormatBytes(c *Call) any {
	size, digits, want := c.Real(0, 0), c.Int(1, 0), c.Str(2)
	if digits < 0 || digits > 15 {
		return nil
	}
	for i, name := range byteUnits {
		last := i == len(byteUnits)-1
		if strings.EqualFold(name, want) || want == "" && (!(size >= 1024 || size <= -1024) || last) {
			text := strconv.FormatFloat(size, 'f', int(digits), 64)
			if strings.Contains(text, ".") {
				text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
			}
			return text + " " + name
		}
		size /= 1024
	}
	return nil
}
