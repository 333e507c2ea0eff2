-- The buffer to ask in: an ordinary one that nothing of is written anywhere; writing it sends.

local M = {}

-- A buffer that calls `send` with what was written.
---@param id string The conversation's.
---@param send fun(text: string)
---@return integer buf
function M.new(id, send)
  local buf = vim.api.nvim_create_buf(false, false)
  vim.api.nvim_buf_set_name(buf, 'aside://ask/' .. id)
  local bo = vim.bo[buf]
  bo.buftype, bo.bufhidden, bo.swapfile, bo.undofile, bo.modeline = 'acwrite', 'hide', false, false, false
  bo.filetype = 'markdown.aside'
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = buf,
    callback = function()
      M.take(buf, send)
    end,
  })
  -- What was not sent is no reason to keep Neovim from ending.
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI' }, {
    buffer = buf,
    callback = function()
      vim.bo[buf].modified = false
    end,
  })
  return buf
end

-- Takes what stands there and sends it.
---@param buf integer
---@param send fun(text: string)
function M.take(buf, send)
  local text = vim.trim(table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n'))
  vim.bo[buf].modified = false
  if text == '' then
    return
  end
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, {})
  vim.bo[buf].modified = false
  send(text)
end

-- Puts a text back that could not be sent, before what was typed since.
---@param buf integer
---@param text string
function M.put_back(buf, text)
  local lines = vim.split(text, '\n', { plain = true })
  local is_empty = vim.api.nvim_buf_line_count(buf) == 1 and vim.api.nvim_buf_get_lines(buf, 0, 1, false)[1] == ''
  vim.api.nvim_buf_set_lines(buf, 0, is_empty and -1 or 0, false, lines)
  vim.bo[buf].modified = false
end

return M
