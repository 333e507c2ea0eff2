-- Text of a model or a server on its way to the screen: lines for buffers, and one printable line for everything else.

local M = {}

-- Splits at line ends of either kind.
---@param text string
---@return string[]
function M.lines(text)
  return vim.split((text:gsub('\r\n', '\n')), '\n', { plain = true })
end

-- Escape sequences and other control characters as the text that Neovim shows for them (`^[`).
---@param text string
---@return string
function M.printable(text)
  return vim.fn.strtrans(text)
end

-- One line of at most `width` cells.
---@param text string
---@param width? integer
---@return string
function M.one_line(text, width)
  local line = M.printable((text:gsub('%s+', ' ')))
  width = width or 80
  if vim.fn.strdisplaywidth(line) <= width then
    return line
  end
  return vim.fn.strcharpart(line, 0, width - 1) .. '…'
end

-- For a status line or a window bar, where `%` would begin an item that Neovim evaluates.
---@param text string
---@param width? integer
---@return string
function M.for_bar(text, width)
  return (M.one_line(text, width):gsub('%%', ''))
end

-- The byte of a character of the protocol in a line; past its end it is its end.
---@param line string
---@param character integer
---@param encoding string
---@return integer
function M.byte(line, character, encoding)
  if encoding == 'utf-8' then
    return math.min(character, #line)
  end
  local ok, byte = pcall(vim.str_byteindex, line, character, encoding == 'utf-16')
  return ok and byte or #line
end

-- `nil` for JSON's null, which arrives as `vim.NIL` in places.
---@generic T
---@param value T
---@return T?
function M.value(value)
  if value == vim.NIL then
    return nil
  end
  return value
end

return M
