package funcs

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "parsing", []*Func{
		{Name: "parse_xml", Sig: "xml:stringish", Returns: value.DynamicType, Naming: FirstArg, Doc: "Turns XML into a bag: attributes get an @ in front of their names, text beside them is #text.", Eval: evalParseXML},
	})
}

const (
	maxXML      = 1 << 20
	maxXMLDepth = 200
)

// evalParseXML is null where the text is no XML with one outer element.
func evalParseXML(c *Call) any {
	if len(c.Str(0)) > maxXML {
		return nil
	}
	d := xml.NewDecoder(strings.NewReader(c.Str(0)))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	out := value.NewBag()
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && out.Len() == 1 {
			return out
		}
		if err != nil {
			return nil
		}
		if start, ok := token.(xml.StartElement); ok {
			v, ok := xmlElement(d, start, 0)
			if !ok || out.Len() > 0 {
				return nil
			}
			out.Set(xmlName(start.Name), v)
		} else if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			return nil
		}
	}
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// xmlElement reads up to the end of an element: nothing is null, text alone a
// string, and anything else a bag.
func xmlElement(d *xml.Decoder, start xml.StartElement, depth int) (v any, ok bool) {
	if depth > maxXMLDepth {
		return nil, false
	}
	attributes, children := value.NewBag(), value.NewBag()
	for _, a := range start.Attr {
		attributes.Set("@"+xmlName(a.Name), a.Value)
	}
	text := ""
	for {
		token, err := d.RawToken()
		if err != nil {
			return nil, false
		}
		switch t := token.(type) {
		case xml.CharData:
			text += string(t)
		case xml.StartElement:
			child, ok := xmlElement(d, t, depth+1)
			if !ok {
				return nil, false
			}
			addChild(children, xmlName(t.Name), child)
		case xml.EndElement:
			return xmlValue(attributes, strings.TrimSpace(text), children), t.Name == start.Name
		}
	}
}

// addChild makes an array of the elements of the same name.
func addChild(children *value.Bag, name string, child any) {
	old, there := children.Get(name)
	list, isList := old.(value.Array)
	switch {
	case !there:
		children.Set(name, child)
	case isList:
		children.Set(name, append(list, child))
	default:
		children.Set(name, value.Array{old, child})
	}
}

func xmlValue(attributes *value.Bag, text string, children *value.Bag) any {
	if attributes.Len() == 0 && children.Len() == 0 {
		if text == "" {
			return nil
		}
		return text
	}
	out := attributes
	if text != "" {
		out.Set("#text", text)
	}
	for _, k := range children.Keys {
		v, _ := children.Get(k)
		out.Set(k, v)
	}
	return out
}
