-- What the person looks at: the last file that they were in, while they talk in another window.

local M = {}

local last ---@type integer?
local watching = false

local function note()
  local buf = vim.api.nvim_get_current_buf()
  if require('aside.lsp').wants(buf) then
    last = buf
  end
end

-- Notes from now on which file is left.
function M.watch()
  if not watching then
    watching = true
    local group = vim.api.nvim_create_augroup('aside.focus', {})
    vim.api.nvim_create_autocmd({ 'BufEnter', 'WinEnter' }, { group = group, callback = note })
    note()
  end
end

-- The file that one looks at: the current one, or from a window that shows none, such as a conversation, the last one. Nil in a
-- file that is left alone: nothing is done to another one instead.
---@return integer?
function M.buffer()
  M.watch()
  local here = vim.api.nvim_get_current_buf()
  if require('aside.lsp').wants(here) then
    return here
  end
  if vim.bo[here].buftype ~= '' and last and vim.api.nvim_buf_is_loaded(last) then
    return last
  end
end

-- A window of this tab that shows the file.
---@return integer?
function M.window()
  local buf = M.buffer()
  if not buf then
    return nil
  end
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.api.nvim_win_get_buf(win) == buf then
      return win
    end
  end
end

-- Whole lines as a range of the protocol: `first` to `last`, counted from 1.
---@param buf integer
---@param first integer
---@param final integer
---@return lsp.Range
function M.lines(buf, first, final)
  local count = vim.api.nvim_buf_line_count(buf)
  local start = { line = first - 1, character = 0 }
  local ends_with_newline = vim.bo[buf].eol or (vim.bo[buf].fixeol and not vim.bo[buf].binary)
  if final < count or ends_with_newline then
    return { start = start, ['end'] = { line = math.min(final, count), character = 0 } }
  end
  -- A character past the end of a line counts as its end.
  local line = vim.api.nvim_buf_get_lines(buf, count - 1, count, false)[1]
  return { start = start, ['end'] = { line = count - 1, character = #line } }
end

return M
