-- Proposed edits: shown as they come, accepted or rejected as the person says. The server owns what they are; a block of a
-- conversation is an edit of our own with the same view.

local client_of = require('aside.client')
local tell = require('aside.tell')
local text_of = require('aside.text')
local view = require('aside.edit.view')

local M = {}

---@class aside.Edit
---@field info table The protocol's `EditInfo`.
---@field order integer Newer ones have a higher one.
---@field client? integer The server that has it; nil for edits of our own.
---@field view? aside.View
---@field dismissed? boolean The person closed the tab.
---@field settle? fun(how: 'accept'|'reject') For edits of our own.
---@field told? boolean
---@field settling? boolean The server was asked to settle all of it and has not answered.

---@type table<string, aside.Edit>
local edits = {}
local count = 0

---@param edit aside.Edit
local function keep(edit)
  count = count + 1
  edit.order = count
  edits[edit.info.id] = edit
end

-- The newest edit that is as wanted.
---@param wanted? fun(edit: aside.Edit): boolean
---@return aside.Edit?
local function newest(wanted)
  local best
  for _, edit in pairs(edits) do
    if (not wanted or wanted(edit)) and (not best or edit.order > best.order) then
      best = edit
    end
  end
  return best
end

---@param file table
---@return boolean
local function has_proposed(file)
  return vim.iter(file.hunks):any(function(hunk)
    return hunk.state == 'proposed'
  end)
end

---@param info table
---@return table?
local function file_to_show(info)
  return vim.iter(info.files or {}):find(has_proposed)
end

---@param edit aside.Edit
---@param uri string
---@return table?
local function file_of(edit, uri)
  return vim.iter(edit.info.files):find(function(file)
    return file.uri == uri
  end)
end

---@param edit aside.Edit
local function close(edit)
  if edit.view then
    edit.view:close()
    edit.view = nil
  end
end

-- Brings the view in line with the edit.
---@param edit aside.Edit
local function refresh(edit)
  local shown = edit.view
  if shown and not shown:is_open() then
    edit.view, edit.dismissed = nil, true
    shown = nil
  end
  local file = shown and file_of(edit, shown.uri)
  if shown and file and has_proposed(file) then
    return shown:draw(file)
  end
  close(edit)
  file = file_to_show(edit.info)
  if not file or edit.dismissed then
    return
  end
  if vim.api.nvim_get_mode().mode == 'n' then
    edit.view = view.open(edit.info.id, file)
  else
    -- Somebody who types is not taken elsewhere.
    edit.dismissed = true
    tell.say('the edit is ready: `:Aside diff` shows it')
  end
end

---@param edit aside.Edit
local function say(edit)
  local info = edit.info
  local err = text_of.value(info.error)
  if edit.told or info.state == 'streaming' then
    return
  end
  edit.told = true
  if err then
    tell.warn(tell.sentence(err.message, text_of.value(err.hint)))
  elseif not file_to_show(info) and info.state ~= 'done' then
    tell.say(#(info.notes or {}) > 0 and table.concat(info.notes, '\n') or 'there is nothing to change')
  else
    for _, note in ipairs(info.notes or {}) do
      tell.say(note)
    end
  end
end

-- An edit of a server is as `info` says.
---@param info table
---@param client integer
function M.changed(info, client)
  local edit = edits[info.id]
  if not edit then
    edit = { client = client, info = info }
    keep(edit)
  end
  edit.info, edit.settling = info, nil
  if info.state == 'streaming' then
    vim.cmd.redrawstatus()
    return
  end
  say(edit)
  refresh(edit)
  if info.state == 'done' then
    edits[info.id] = nil
  end
  vim.cmd.redrawstatus()
end

-- Proposes new lines in place of others; nothing is asked of the server.
---@param title string
---@param buf integer
---@param first integer From 1.
---@param final integer Before `first` when nothing goes.
---@param lines string[]
function M.propose(title, buf, first, final, lines)
  local id = ('local-%d'):format(vim.uv.hrtime())
  local uri = vim.uri_from_bufnr(buf)
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  local label = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ':.')
  local range = { start = { line = first - 1, character = 0 }, ['end'] = { line = final, character = 0 } }
  local hunk = { n = 0, range = range, newText = table.concat(lines, '\n') .. '\n', state = 'proposed', warnings = {} }
  local file = { uri = uri, label = label, warnings = {}, hunks = { hunk } }
  local info = { id = id, action = 'apply', title = title, state = 'proposed', files = { file }, notes = {} }
  local edit = {
    info = info,
    settle = function(how)
      local is_loaded = vim.api.nvim_buf_is_loaded(buf)
      if how == 'accept' and not (is_loaded and vim.api.nvim_buf_get_changedtick(buf) == tick) then
        return tell.warn('the text was changed meanwhile: apply the block again')
      end
      close(edits[id])
      edits[id] = nil
      if how == 'accept' then
        vim.api.nvim_buf_set_lines(buf, first - 1, final, false, lines)
      end
    end,
  }
  keep(edit)
  refresh(edit)
end

-- The edit whose tab one is in.
---@return aside.Edit?
local function in_tab()
  local tab = vim.api.nvim_get_current_tabpage()
  return newest(function(edit)
    return edit.view ~= nil and edit.view.tab == tab
  end)
end

---@param edit aside.Edit
---@return boolean
local function is_streaming(edit)
  return edit.info.state == 'streaming'
end

-- The edit whose tab one is in, else the newest one that has something to decide, else the newest one.
---@return aside.Edit?
function M.here()
  local function is_open(edit)
    return is_streaming(edit) or not edit.settling and file_to_show(edit.info) ~= nil
  end
  return in_tab() or newest(is_open) or newest()
end

---@return boolean
function M.is_busy()
  return newest(is_streaming) ~= nil
end

-- A server ended: what it was writing is not coming any more.
---@param client integer
function M.lost(client)
  for id, edit in pairs(edits) do
    if edit.client == client and is_streaming(edit) then
      edits[id] = nil
      tell.warn('the server ended while it wrote an edit: ask again')
    end
  end
end

---@param edit aside.Edit
---@param method string
---@param params table
local function ask(edit, method, params)
  local client = edit.client and vim.lsp.get_client_by_id(edit.client)
  if not client then
    close(edit)
    edits[edit.info.id] = nil
    return tell.warn('the server that proposed this edit has ended: ask again')
  end
  params.edit = edit.info.id
  client_of.request(client, method, params, function(result)
    M.changed(result.edit, client.id)
  end)
end

-- Accepts or rejects: the hunk under the cursor, the file that is shown, or everything.
---@param how 'accept'|'reject'
---@param what 'hunk'|'file'|'all'
function M.settle(how, what)
  local edit = M.here()
  if not edit then
    return tell.warn('there is no edit: `:Aside edit` makes one')
  end
  if edit.settle then
    return edit.settle(how)
  end
  local params = {}
  if edit.view and what ~= 'all' then
    params.uri = edit.view.uri
    params.hunks = what == 'hunk' and { edit.view:hunk() } or nil
  end
  edit.settling = not params.hunks and (not params.uri or #edit.info.files == 1)
  ask(edit, 'aside/edit/' .. how, params)
end

-- Shows the edit again whose tab was closed.
function M.show()
  local edit = M.here()
  if not edit then
    return tell.warn('there is no edit: `:Aside edit` makes one')
  end
  if edit.view and not edit.view:is_open() then
    edit.view = nil
  end
  edit.dismissed = false
  refresh(edit)
end

-- Stops the model. Gives false when none works on an edit.
---@return boolean
function M.stop()
  local edit = newest(is_streaming)
  if not edit then
    return false
  end
  ask(edit, 'aside/edit/stop', {})
  return true
end

-- Tries again; the model is told what was wrong.
---@param instruction string
function M.retry(instruction)
  local edit = in_tab() or newest()
  if not edit or edit.settle then
    return tell.warn('there is no edit to try again')
  end
  close(edit)
  edit.dismissed = true
  local params = { model = require('aside.model').chosen() }
  params.instruction = instruction ~= '' and instruction or nil
  ask(edit, 'aside/edit/retry', params)
end

return M
