-- Ghost text: Neovim's own where it has some, ours before. What a key accepts of it is the same for both.

local M = {}

---@class aside.Ghost
---@field attach fun(client: vim.lsp.Client, buf: integer)
---@field accept fun(size: aside.PieceSize): boolean
---@field dismiss fun(): boolean

---@return aside.Ghost
local function kind()
  if require('aside.lsp').has_native_ghost() then
    return require('aside.ghost.native')
  end
  return require('aside.ghost.extmark')
end

-- Shows ghost text of a server in a buffer from now on.
---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  kind().attach(client, buf)
end

-- Accepts all of the ghost text, or its next word or line. May be called where text is locked. False when there is none.
---@param size aside.PieceSize
---@return boolean
function M.accept(size)
  return kind().accept(size)
end

-- Hides the ghost text. False when there is none.
---@return boolean
function M.dismiss()
  return kind().dismiss()
end

return M
