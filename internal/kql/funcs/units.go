package funcs

import (
	"math"
	"strings"
)

// unit is how a unit becomes the base unit of its quantity: times mul, through
// div, times the worth of its prefix.
type unit struct{ mul, div, prefix float64 }

func (u unit) toBase(x float64) float64   { return x * u.mul / u.div * u.prefix }
func (u unit) fromBase(x float64) float64 { return x / u.mul * u.div / u.prefix }

var prefixes = map[string]float64{
	"nano": 1e-9, "micro": 1e-6, "milli": 1e-3, "centi": 1e-2, "deci": 1e-1, "deca": 1e1, "hecto": 1e2, "kilo": 1e3, "mega": 1e6,
	"giga": 1e9, "tera": 1e12,
}

// units gives the units of a quantity by their names in lower case. A line is
// names, factor to the base unit and prefixes, such as "Meter 1 kilo centi"; a
// factor may be a product and a quotient, a*b/c.
func units(lines string) map[string]unit {
	out := map[string]unit{}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		words := strings.Fields(line)
		name, u := strings.ToLower(words[0]), factor(words[1])
		out[name] = u
		for _, p := range words[2:] {
			u.prefix = prefixes[p]
			out[p+name] = u
		}
	}
	return out
}

func factor(s string) unit {
	u := unit{1, 1, 1}
	above, below, _ := strings.Cut(s, "/")
	for _, f := range strings.Split(above, "*") {
		u.mul *= mustReal(f)
	}
	if below != "" {
		u.div = mustReal(below)
	}
	return u
}

// The quantities and their units, with the factors of the UnitsNet library,
// whose names for units Kusto takes. Bases: degree, joule, newton, metre,
// kilogram, metre per second, cubic metre.
var (
	angleUnits = units(`
Degree 1 nano micro milli
Radian 180/3.141592653589793 nano micro milli centi deci
Arcminute 1/60
Arcsecond 1/3600
Gradian 0.9
NatoMil 9/160
Revolution 360`)
	energyUnits = units(`
Joule 1 milli kilo mega giga
Calorie 4.184 kilo mega
BritishThermalUnit 1055.05585262 kilo mega giga
ElectronVolt 1.602176565e-19 kilo mega giga tera
FootPound 1.355817948
Erg 1e-7
WattHour 3600 kilo mega giga tera
WattDay 86400 kilo mega giga tera
ThermEc 1.05505585262e8 deca
ThermUs 1.054804e8 deca
ThermImperial 1.05505585257348e8 deca
HorsepowerHour 2.6845195377e6`)
	forceUnits = units(`
Newton 1 micro milli deca kilo mega
Dyn 1/1e5
KilogramForce 9.80665002864
TonneForce 9.80665002864e3
KiloPond 9.80665002864
Poundal 0.13825502798973041652092282466083
PoundForce 4.4482216152605095551842641431421 kilo
OunceForce 2.780138509537812e-1
ShortTonForce 8.896443230521e3`)
	lengthUnits = units(`
Meter 1 nano micro milli centi deci deca hecto kilo
Mile 1609.34
Yard 0.9144
Foot 0.3048
UsSurveyFoot 1200/3937
Inch 2.54e-2
Microinch 2.54e-8
Mil 2.54e-5
NauticalMile 1852
DataMile 1828.8
Fathom 1.8288
Shackle 27.432
Chain 20.1168
Hand 1.016e-1
Angstrom 1e-10
PrinterPoint 2.54e-2/72.27
DtpPoint 2.54e-2/72
PrinterPica 1/237.106301584
DtpPica 1/236.220472441
Twip 1/56692.913385826
AstronomicalUnit 1.4959787070e11
Parsec 3.08567758128e16 kilo mega
LightYear 9.46073047258e15 kilo mega
SolarRadius 6.95510000e8`)
	massUnits = units(`
Gram 1/1e3 nano micro milli centi deci deca hecto kilo
Tonne 1e3 kilo mega
ShortTon 9.0718474e2
LongTon 1.0160469088e3
Pound 0.45359237 kilo mega
Ounce 0.028349523125
Slug 1/6.852176556196105e-2
Stone 1/0.1574731728702698
ShortHundredweight 1/0.022046226218487758
LongHundredweight 1/0.01968413055222121
Grain 1/15432.358352941431
SolarMass 1.98947e30
EarthMass 5.9722e24`)
	speedUnits = units(`
MeterPerSecond 1 nano micro milli centi deci kilo
MeterPerMinute 1/60 nano micro milli centi deci kilo
MeterPerHour 1/3600 milli centi kilo
FootPerSecond 0.3048
FootPerMinute 0.3048/60
FootPerHour 0.3048/3600
UsSurveyFootPerSecond 1200/3937
UsSurveyFootPerMinute 1200/236220
UsSurveyFootPerHour 1200/14173200
InchPerSecond 2.54e-2
InchPerMinute 2.54e-2/60
InchPerHour 2.54e-2/3600
YardPerSecond 0.9144
YardPerMinute 0.9144/60
YardPerHour 0.9144/3600
Knot 0.514444
MilePerHour 0.44704`)
	volumeUnits = units(`
CubicMeter 1 hecto kilo
Liter 1/1e3 micro milli centi deci deca hecto kilo mega
CubicKilometer 1e9
CubicHectometer 1e6
CubicDecimeter 1/1e3
CubicCentimeter 1/1e6
CubicMillimeter 1/1e9
CubicMicrometer 1/1e18
CubicMile 4.16818182544058e9
CubicYard 0.764554858
CubicFoot 0.0283168 hecto kilo mega
CubicInch 1.6387*1e-5
BoardFoot 2.3597372158e-3
AcreFoot 1/0.000810714
ImperialGallon 0.00454609000000181429905810072407 kilo mega
ImperialOunce 2.8413062499962901241875439064617e-5
ImperialPint 5.6826125e-4
ImperialBeerBarrel 0.16365924
UsGallon 0.00378541 deca deci hecto kilo mega
UsOunce 2.957352956253760505068307980135e-5
UsPint 4.73176473e-4
UsQuart 9.46352946e-4
UsTablespoon 1.478676478125e-5
UsTeaspoon 4.92892159375e-6
UsCustomaryCup 0.0002365882365
UsLegalCup 0.00024
UsBeerBarrel 0.1173477658
OilBarrel 0.158987294928
AuTablespoon 2e-5
UkTablespoon 1.5e-5
MetricTeaspoon 0.5e-5
MetricCup 0.00025`)
)

// scale is a unit that is not proportional to the base unit of its quantity,
// kelvin or degree: to that and back.
type scale struct{ toBase, fromBase func(float64) float64 }

func linear(mul, div, zero float64) scale {
	return scale{func(x float64) float64 { return x*mul/div + zero }, func(k float64) float64 { return (k - zero) * div / mul }}
}

// The zeros of two scales, computed as reals and not exactly, as UnitsNet does.
var zeroFahrenheit, zeroRoemer = 459.67, 7.5

var temperatures = map[string]scale{
	"kelvin": linear(1, 1, 0), "degreecelsius": linear(1, 1, 273.15), "millidegreecelsius": linear(1, 1000, 273.15),
	"degreedelisle": linear(-2, 3, 373.15), "degreefahrenheit": linear(5, 9, zeroFahrenheit*5/9), "degreenewton": linear(100, 33, 273.15),
	"degreerankine": linear(5, 9, 0), "degreereaumur": linear(5, 4, 273.15), "degreeroemer": linear(40, 21, 273.15-zeroRoemer*40/21),
	"solartemperature": linear(5778, 1, 0),
}

// tilt is an angle as its sine.
var tilt = scale{func(x float64) float64 { return math.Asin(x) * 180 / math.Pi }, func(d float64) float64 { return math.Sin(d / 180 * math.Pi) }}
