-- The buffer of a conversation: Markdown that only grows at its end, one fold for each turn. Knows nothing of the server.

local text_of = require('aside.text')

local M = {}

---@class aside.Transcript
---@field buf integer
---@field turns table<integer, true> The lines where turns begin, from 1.
---@field first? integer The first of them.
---@field held string A carriage return that may be the first half of a line's end.
local Transcript = {}
Transcript.__index = Transcript

local space = vim.api.nvim_create_namespace('aside.chat')

---@type table<integer, aside.Transcript>
local by_buffer = {}

local waiting = {} ---@type table<integer, true>

-- Has the folds of a buffer counted when the typing ends.
---@param buf integer
local function refold_later(buf)
  if waiting[buf] then
    return
  end
  waiting[buf] = true
  vim.api.nvim_create_autocmd('InsertLeave', {
    once = true,
    callback = vim.schedule_wrap(function()
      waiting[buf] = nil
      require('aside.chat.windows').refold(buf)
    end),
  })
end

-- A transcript without a word in a buffer of its own.
---@param id string The conversation's.
---@return aside.Transcript
function M.new(id)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, 'aside://chat/' .. id)
  local bo = vim.bo[buf]
  bo.bufhidden, bo.undolevels, bo.modeline, bo.modifiable = 'hide', -1, false, false
  bo.filetype = 'markdown.aside'
  local self = setmetatable({ buf = buf, turns = {}, held = '' }, Transcript)
  by_buffer[buf] = self
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buf,
    callback = function()
      by_buffer[buf] = nil
    end,
  })
  return self
end

---@param buf integer
---@return aside.Transcript?
function M.of_buffer(buf)
  return by_buffer[buf]
end

---@return boolean
function Transcript:is_alive()
  return vim.api.nvim_buf_is_valid(self.buf)
end

-- Changes the text; windows that show its end go along, others stay where they are.
---@param change fun(buf: integer)
function Transcript:write(change)
  if not self:is_alive() then
    return
  end
  local last = vim.api.nvim_buf_line_count(self.buf)
  local following = vim.tbl_filter(function(win)
    return vim.api.nvim_win_get_cursor(win)[1] >= last
  end, vim.fn.win_findbuf(self.buf))
  vim.bo[self.buf].modifiable = true
  change(self.buf)
  vim.bo[self.buf].modifiable = false
  local now = vim.api.nvim_buf_line_count(self.buf)
  for _, win in ipairs(following) do
    vim.api.nvim_win_set_cursor(win, { now, 0 })
  end
  -- Neovim counts no folds while somebody types, wherever that is.
  if vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
    refold_later(self.buf)
  end
end

-- Forgets everything.
function Transcript:clear()
  self.turns, self.first, self.held = {}, nil, ''
  self:write(function(buf)
    vim.api.nvim_buf_clear_namespace(buf, space, 0, -1)
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, {})
  end)
end

---@class aside.Mark
---@field line integer
---@field text string

-- Where the text ends now: what `cut` takes.
---@return aside.Mark
function Transcript:mark()
  local line = vim.api.nvim_buf_line_count(self.buf)
  return { line = line, text = vim.api.nvim_buf_get_lines(self.buf, line - 1, line, false)[1] or '' }
end

-- Takes back all that came after a mark.
---@param mark aside.Mark
function Transcript:cut(mark)
  self.held = ''
  for line in pairs(self.turns) do
    if line > mark.line or (line == mark.line and mark.text == '') then
      self.turns[line] = nil
    end
  end
  self:write(function(buf)
    vim.api.nvim_buf_set_lines(buf, mark.line - 1, -1, false, { mark.text })
  end)
end

-- Text at the end.
---@param text string
function Transcript:append(text)
  text = self.held .. text
  self.held = ''
  if text:sub(-1) == '\r' then
    self.held, text = '\r', text:sub(1, -2)
  end
  local lines = text_of.lines(text)
  self:write(function(buf)
    local row = vim.api.nvim_buf_line_count(buf) - 1
    local last = vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ''
    vim.api.nvim_buf_set_text(buf, row, #last, row, #last, lines)
  end)
end

-- Makes the last line and the one before it empty: what comes next is a paragraph of its own.
function Transcript:gap()
  local count = vim.api.nvim_buf_line_count(self.buf)
  local lines = vim.api.nvim_buf_get_lines(self.buf, math.max(0, count - 2), count, false)
  if lines[#lines] ~= '' then
    self:append('\n\n')
  elseif #lines > 1 and lines[1] ~= '' then
    self:append('\n')
  end
end

-- The head of a message. A question begins a turn.
---@param words string
---@param is_question boolean
function Transcript:head(words, is_question)
  self:gap()
  local line = vim.api.nvim_buf_line_count(self.buf)
  if is_question then
    -- Before the text: folds are looked at while it changes.
    self.turns[line] = true
    self.first = math.min(self.first or line, line)
  end
  self:append('## ' .. words .. '\n\n')
  vim.api.nvim_buf_set_extmark(self.buf, space, line - 1, 0, { line_hl_group = 'Title' })
  require('aside.chat.windows').refold(self.buf)
end

-- Something that neither of the two said: a quotation, so that no colour is needed to tell it.
---@param text string
function Transcript:note(text)
  local lines = vim.tbl_map(function(line)
    return '> ' .. line
  end, text_of.lines(text))
  self:gap()
  self:append(table.concat(lines, '\n') .. '\n\n')
end

-- The fold level of a line, for 'foldexpr'.
---@param line integer
---@return string
function Transcript:fold(line)
  if self.turns[line] then
    return '>1'
  end
  return self.first and line > self.first and '1' or '0'
end

return M
