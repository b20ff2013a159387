package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/settings"
)

// workspaceUser is who a workspace runs as. It may say what is sent to it.
const workspaceUser = "sekisho"

// maxSettings is many times what anybody writes by hand.
const maxSettings = 1 << 20

// Settings answers GET and PUT /v1/settings.
type Settings struct {
	Settings []settings.Setting `json:"settings"`
	Warnings []string           `json:"warnings,omitempty"`
}

func (s *Server) getSettings(w http.ResponseWriter, _ *http.Request) {
	answer(w, Settings{Settings: s.fw.Settings()})
}

// putSettings sets those of a document, ours or Azure's. Others stay.
func (s *Server) putSettings(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSettings))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, err)
		return
	}
	file := r.URL.Query().Get("file")
	if file == "" {
		file = "settings"
	}
	list, warnings, err := settings.Parse(file, data, filepath.Join("/var/log/sekisho", s.id))
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	if err := notOver(file, list, time.Now()); err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	if err := mayPut(r.Context(), list); err != nil {
		fail(w, http.StatusForbidden, err)
		return
	}
	if err := writable(file, list); err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	if err := s.fw.PutSettings(r.Context(), list); err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	out := Settings{Settings: s.fw.Settings()}
	for _, p := range warnings {
		out.Warnings = append(out.Warnings, p.Error())
	}
	answer(w, out)
}

// notOver refuses settings that would end before they begin.
func notOver(file string, list []settings.Setting, now time.Time) error {
	var errs []error
	for _, s := range list {
		if !s.Until.IsZero() && !s.Until.After(now) {
			errs = append(errs, fmt.Errorf("%s: setting %s would end at %s, which is over", file, s.Name, s.Until.Format(time.RFC3339)))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) deleteSetting(w http.ResponseWriter, r *http.Request) {
	if uid, ok := peer(r.Context()); !ok || uid != 0 && !isWorkspace(uid) {
		fail(w, http.StatusForbidden, errors.New("changing diagnostic settings needs root: run the command with sudo"))
		return
	}
	err := s.fw.DeleteSetting(r.Context(), r.PathValue("name"))
	switch {
	case errors.Is(err, firewall.ErrNoSetting):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusInternalServerError, err)
	default:
		answer(w, Settings{Settings: s.fw.Settings()})
	}
}

// mayPut reports whether who asks may set these. A folder is written to as root,
// so only root may name one.
func mayPut(ctx context.Context, list []settings.Setting) error {
	uid, ok := peer(ctx)
	if ok && uid == 0 {
		return nil
	}
	if !ok || !isWorkspace(uid) {
		return errors.New("changing diagnostic settings needs root: run the command with sudo")
	}
	for _, s := range list {
		if s.Storage != "" || s.Directory != "" {
			return errors.New("a folder as the destination of a diagnostic setting needs root: run the command with sudo")
		}
	}
	return nil
}

func isWorkspace(uid uint32) bool {
	u, err := user.Lookup(workspaceUser)
	return err == nil && u.Uid == strconv.FormatUint(uint64(uid), 10)
}

// flush closes segments, so that a workspace sees the newest rows.
func (s *Server) flush(w http.ResponseWriter, r *http.Request) {
	if err := s.fw.Flush(r.Context()); err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	answer(w, struct{}{})
}

// Settings returns the diagnostic settings.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return c.settings(ctx, http.MethodGet, "/v1/settings", nil, nil)
}

// PutSettings sets those of a document, ours or Azure's. The file's name is for
// messages.
func (c *Client) PutSettings(ctx context.Context, file string, text []byte) (Settings, error) {
	return c.settings(ctx, http.MethodPut, "/v1/settings", url.Values{"file": {file}}, bytes.NewReader(text))
}

// DeleteSetting ends a setting.
func (c *Client) DeleteSetting(ctx context.Context, name string) error {
	_, err := c.settings(ctx, http.MethodDelete, "/v1/settings/"+name, nil, nil)
	return err
}

func (c *Client) settings(ctx context.Context, method, path string, query url.Values, body io.Reader) (s Settings, err error) {
	out, err := c.do(ctx, method, path, query, body)
	if err != nil {
		return s, err
	}
	defer out.Close()
	return s, json.NewDecoder(out).Decode(&s)
}

// Flush waits until every row that was made before is in a segment.
func (c *Client) Flush(ctx context.Context) error {
	out, err := c.do(ctx, http.MethodPost, "/v1/flush", nil, nil)
	if err != nil {
		return err
	}
	return out.Close()
}
