package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"frontdesk/faq"
	"frontdesk/faq/exchange"
)

func (a *app) faqImport() *cobra.Command {
	var lang, format, output string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make FAQ entries of a table or a page",
		Long: `import reads a table (CSV; also separated by semicolons or tabs), a Markdown page or
an HTML page, and prints YAML that serve reads, or writes it to a new file with -o.
- is standard input; it needs --format.

A table has a row for each question, with headings such as question, answer, id,
lang, tags (问题, 答案, …); rows with one id or one answer become one entry. Pages may
have headings with text below them, lines that begin with Q: and A: (问：, 答：), bold
questions, <details>, <dl>, and the FAQPage of schema.org, one beside the other.
Without --lang each question's own letters tell the language. UTF-8, UTF-16, GB18030
and Windows-1252 are recognised.

What could not be understood is told on stderr, with its line, and left out.
Read what was made before you use it: nobody has approved it.`,
		Example: "  frontdesk faq import faq.csv -o imported.yaml\n  curl -s https://acme.example/faq | frontdesk faq import - --format html --lang en",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, done, err := a.faqConfig(args)
			if err != nil {
				return err
			}
			defer done()
			if format == "" {
				format = exchange.FormatOf(args[0])
			}
			if format == exchange.YAML {
				return fmt.Errorf("%s is YAML, as FAQ files are: name it below `faq:` in the configuration, or `include` it in another", args[0])
			}
			if !slices.Contains([]string{exchange.CSV, exchange.Markdown, exchange.HTML}, format) {
				return fmt.Errorf("%s does not tell its format: say --format csv, md or html", args[0])
			}
			if lang != "" && !slices.Contains(cfg.Company.Languages, lang) {
				return fmt.Errorf("--lang %s is not served: there are %s", lang, strings.Join(cfg.Company.Languages, ", "))
			}
			var data []byte
			if args[0] == "-" {
				data, err = io.ReadAll(io.LimitReader(a.in, 64<<20))
			} else {
				data, err = os.ReadFile(args[0])
			}
			if err != nil {
				return err
			}
			o := exchangeOptions(cfg)
			o.Lang = lang
			entries, notes, err := exchange.Read(format, data, o)
			for _, n := range notes {
				fmt.Fprintf(a.err, "%s: %s\n", args[0], n)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			var b bytes.Buffer
			if err := exchange.Write(&b, exchange.YAML, entries, o); err != nil {
				return err
			}
			if err := loads(cmd.Context(), b.Bytes(), faqOptions(cfg)); err != nil {
				return fmt.Errorf("what was made of %s needs a hand before it can be used:\n%w", args[0], err)
			}
			if output == "" {
				_, err = a.out.Write(b.Bytes())
				return err
			}
			if err := createFile(output, b.Bytes()); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "%s in %s; name it below `faq:` in the configuration once you have read it\n", plural2(len(entries), "entry", "entries"), output)
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "", "the `language` of what does not say: zh or en")
	cmd.Flags().StringVar(&format, "format", "", "csv, md or html; default: by the file's name")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this `file`, which must not be there yet")
	return cmd
}

func (a *app) faqExport() *cobra.Command {
	var format, output string
	var filled bool
	cmd := &cobra.Command{
		Use:   "export [FILE...]",
		Short: "Print the FAQ as a table, a page, or one YAML file",
		Long: `export prints all entries, as CSV for a spreadsheet, as a Markdown or HTML page, or
as one YAML file. ` + "`faq import`" + ` reads CSV and Markdown back as they were, and of an
answer in HTML what a page shows. YAML is an FAQ file: it needs no import. --filled puts
the values of variables such as {{hours}} into the answers, for a page that customers
read.`,
		Example: "  frontdesk faq export --format csv -o faq.csv\n  frontdesk faq export --format html --filled > faq.html",
		RunE: func(cmd *cobra.Command, files []string) error {
			if format == "" {
				if format = exchange.FormatOf(output); format == "" {
					format = exchange.YAML
				}
			}
			cfg, x, err := a.faqIndex(cmd.Context(), files)
			if err != nil {
				return err
			}
			o := exchangeOptions(cfg)
			o.Filled = filled
			var b bytes.Buffer
			if err := exchange.Write(&b, format, x.Entries(), o); err != nil {
				return err
			}
			if output == "" {
				_, err = a.out.Write(b.Bytes())
				return err
			}
			return createFile(output, b.Bytes())
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "yaml, csv, md or html; default: by the file's name, or yaml")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this `file`, which must not be there yet")
	cmd.Flags().BoolVar(&filled, "filled", false, "with the values of variables")
	return cmd
}

func exchangeOptions(cfg *Config) exchange.Options {
	o := exchange.Options{Languages: cfg.Company.Languages, Location: cfg.Company.Location}
	for _, vars := range faqOptions(cfg).Vars {
		for name := range vars {
			o.Vars = append(o.Vars, name)
		}
	}
	return o
}

// loads tries YAML as serve would.
func loads(ctx context.Context, data []byte, o faq.Options) error {
	dir, done, err := tempDir()
	if err != nil {
		return err
	}
	defer done()
	path := filepath.Join(dir, "imported.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	_, err = faq.Load(ctx, []string{path}, o)
	return err
}

// createFile writes a file that is not there yet.
func createFile(path string, data []byte) error {
	err := writeNew(path, data, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: name another file, or remove it", path)
	}
	return err
}
