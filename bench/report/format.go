package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// WriteJSON writes one JSON object a line, with every field of the schema in every one.
func WriteJSON(w io.Writer, rows []Row) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if r.Params == nil {
			r.Params = map[string]string{}
		}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// ReadJSON reads what WriteJSON writes.
func ReadJSON(r io.Reader) (rows []Row, err error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	for {
		var row Row
		if err := dec.Decode(&row); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return rows, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

var columns = []string{"name", "parameters", "unit", "value", "spread", "against", "ratio", "limit", "pass"}

// WriteCSV writes a header and one record a row. Parameters are "a=1 b=2"; what is missing is empty.
func WriteCSV(w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	if err := c.Write(columns); err != nil {
		return err
	}
	for _, r := range rows {
		if err := c.Write(r.fields(exact, exact)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// WriteTable writes aligned columns for people, with rounded numbers.
func WriteTable(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tPARAMETERS\tVALUE\tSPREAD\tAGAINST\tRATIO\tLIMIT\tPASS")
	for _, r := range rows {
		f := r.fields(short, percent)
		fmt.Fprintf(t, "%s\t%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", f[0], f[1], f[3], f[2], f[4], f[5], f[6], f[7], f[8])
	}
	return t.Flush()
}

// fields are in the order of columns.
func (r Row) fields(number, share func(float64) string) []string {
	ratio, pass := "", ""
	if r.Ratio != nil {
		ratio = number(*r.Ratio)
	}
	if r.Pass != nil {
		pass = strconv.FormatBool(*r.Pass)
	}
	return []string{r.Name, r.params(), r.Unit, number(r.Value), share(r.Spread), r.Against, ratio, r.Limit.String(), pass}
}

func exact(v float64) string   { return strconv.FormatFloat(v, 'g', -1, 64) }
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 0, 64) + "%" }

// short rounds to three digits, or to whole numbers if there are more before the point.
func short(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
