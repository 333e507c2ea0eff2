-- What 'foldexpr' and 'foldtext' of a conversation's window call: one fold for each turn.

local M = {}

---@return string
function M.expr()
  local transcript = require('aside.chat.transcript').of_buffer(vim.api.nvim_get_current_buf())
  return transcript and transcript:fold(vim.v.lnum) or '0'
end

-- The question, and how many lines are folded.
---@return string
function M.text()
  local first, final = vim.v.foldstart, vim.v.foldend
  local question = ''
  for _, line in ipairs(vim.api.nvim_buf_get_lines(0, first, final, false)) do
    if line ~= '' then
      question = line
      break
    end
  end
  return ('▸ %s (%d lines)'):format(require('aside.text').one_line(question, 60), final - first + 1)
end

return M
