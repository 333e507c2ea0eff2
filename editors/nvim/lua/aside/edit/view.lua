-- The diff of a proposal in a tab of its own: left the file, right how it would be. Closing the tab decides nothing.

local patch = require('aside.edit.patch')
local text_of = require('aside.text')

local M = {}

---@class aside.View
---@field edit string
---@field uri string
---@field tab integer
---@field old? integer The file's buffer; nil for a new file.
---@field new integer The buffer that shows how it would be.
---@field spans aside.Span[]
local View = {}
View.__index = View

local space = vim.api.nvim_create_namespace('aside.edit')

---@param buf integer
---@param name string A path, for the file type.
local function color(buf, name)
  local kind = vim.filetype.match({ filename = name }) or ''
  local language = vim.treesitter.language.get_lang(kind) or kind
  if not pcall(vim.treesitter.start, buf, language) then
    vim.bo[buf].syntax = kind
  end
end

---@param edit string
---@param file table
---@return integer
local function new_buffer(edit, file)
  local buf = vim.api.nvim_create_buf(false, true)
  pcall(vim.api.nvim_buf_set_name, buf, ('aside://edit/%s/%s'):format(edit, file.label:gsub('%c', '?')))
  vim.bo[buf].bufhidden, vim.bo[buf].undolevels = 'wipe', -1
  color(buf, vim.uri_to_fname(file.uri))
  return buf
end

---@param file table
---@return string
local function bar(file)
  local count = vim.iter(file.hunks):fold(0, function(sum, hunk)
    return sum + (hunk.state == 'proposed' and 1 or 0)
  end)
  local label = text_of.for_bar(file.label, 50)
  return ('%s: %d proposed · :Aside accept|reject [hunk]'):format(label, count)
end

-- Opens a tab for the changes of a file.
---@param edit string
---@param file table The protocol's `EditFile`.
---@return aside.View
function M.open(edit, file)
  local self = setmetatable({ edit = edit, uri = file.uri, spans = {} }, View)
  vim.cmd('tab split')
  self.tab = vim.api.nvim_get_current_tabpage()
  local left = vim.api.nvim_get_current_win()
  self.new = new_buffer(edit, file)
  if not text_of.value(file.new) then
    self.old = vim.uri_to_bufnr(file.uri)
    vim.fn.bufload(self.old)
    vim.bo[self.old].buflisted = true
    vim.api.nvim_win_set_buf(left, self.old)
    vim.api.nvim_open_win(self.new, true, { split = 'right', win = left })
  else
    vim.api.nvim_win_set_buf(left, self.new)
  end
  self:draw(file)
  if self.old then
    for _, win in ipairs(vim.api.nvim_tabpage_list_wins(self.tab)) do
      vim.api.nvim_win_call(win, function()
        vim.cmd.diffthis()
      end)
    end
  end
  local first = self.spans[1]
  if first then
    vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(first.new_first, vim.api.nvim_buf_line_count(self.new))), 0 })
  end
  return self
end

---@return boolean
function View:is_open()
  return vim.api.nvim_tabpage_is_valid(self.tab) and vim.api.nvim_buf_is_valid(self.new)
end

-- Warnings stand above what they are about, so that nobody accepts without having seen them.
---@param file table
function View:warn(file)
  vim.api.nvim_buf_clear_namespace(self.new, space, 0, -1)
  local function above(line, warnings)
    local lines = vim.tbl_map(function(warning)
      return { { '! ' .. text_of.one_line(warning.message, 200), 'WarningMsg' } }
    end, text_of.value(warnings) or {})
    if #lines > 0 then
      local row = math.max(0, math.min(line, vim.api.nvim_buf_line_count(self.new)) - 1)
      vim.api.nvim_buf_set_extmark(self.new, space, row, 0, { virt_lines = lines, virt_lines_above = row > 0 })
    end
  end
  above(1, file.warnings)
  for _, hunk in ipairs(file.hunks) do
    for _, span in ipairs(self.spans) do
      if span.n == hunk.n then
        above(span.new_first, hunk.warnings)
      end
    end
  end
end

-- Shows the changes as they are now.
---@param file table
function View:draw(file)
  local old = self.old and vim.api.nvim_buf_get_lines(self.old, 0, -1, false) or {}
  local new
  new, self.spans = patch.apply(old, file.hunks)
  vim.bo[self.new].modifiable = true
  vim.api.nvim_buf_set_lines(self.new, 0, -1, false, new)
  vim.bo[self.new].modifiable = false
  self:warn(file)
  for _, win in ipairs(vim.fn.win_findbuf(self.new)) do
    vim.api.nvim_set_option_value('winbar', bar(file), { win = win, scope = 'local' })
  end
  vim.cmd.diffupdate()
end

-- The hunk under the cursor.
---@return integer?
function View:hunk()
  local side = vim.api.nvim_get_current_buf() == self.old and 'old' or 'new'
  return patch.at(self.spans, vim.api.nvim_win_get_cursor(0)[1], side)
end

-- Closes the tab; nothing else changes. The last tab cannot be closed, nor one with a text that would be lost: only the diff goes.
function View:close()
  if not vim.api.nvim_tabpage_is_valid(self.tab) then
    return
  end
  if #vim.api.nvim_list_tabpages() > 1 and pcall(vim.cmd.tabclose, vim.api.nvim_tabpage_get_number(self.tab)) then
    return
  end
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(self.tab)) do
    vim.api.nvim_win_call(win, function()
      vim.cmd.diffoff()
    end)
  end
  if vim.api.nvim_buf_is_valid(self.new) then
    vim.api.nvim_buf_delete(self.new, { force = true })
  end
end

return M
