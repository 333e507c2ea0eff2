-- The two windows of a conversation: what was said, and below it what one asks.

local text = require('aside.text')

local M = {}

local KINDS = { chat = 'aside_chat', ask = 'aside_ask' }

-- The window of this tab for one of the two.
---@param kind 'chat'|'ask'
---@return integer?
function M.find(kind)
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.w[win][KINDS[kind]] then
      return win
    end
  end
end

---@param win integer
---@param options table<string, any>
local function set(win, options)
  for name, value in pairs(options) do
    vim.api.nvim_set_option_value(name, value, { win = win, scope = 'local' })
  end
end

---@return integer
local function width()
  local wanted = require('aside.config').get().chat.width
  local columns = wanted < 1 and math.floor(vim.o.columns * wanted) or wanted
  return math.max(20, math.min(columns, vim.o.columns - 20))
end

---@param buf integer
---@return integer
local function open_chat(buf)
  local win = vim.api.nvim_open_win(buf, false, { split = 'right', win = -1, width = width() })
  vim.w[win].aside_chat = true
  set(win, {
    wrap = true,
    linebreak = true,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    winfixwidth = true,
    -- Where a link leads is never hidden.
    conceallevel = 0,
    foldmethod = 'expr',
    foldexpr = "v:lua.require'aside.chat.folds'.expr()",
    foldtext = "v:lua.require'aside.chat.folds'.text()",
    foldlevel = 99,
    foldenable = true,
  })
  vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(buf), 0 })
  return win
end

---@param buf integer
---@param above integer
---@return integer
local function open_ask(buf, above)
  local height = require('aside.config').get().chat.height
  local win = vim.api.nvim_open_win(buf, false, { split = 'below', win = above, height = height })
  vim.w[win].aside_ask = true
  set(win, { winfixheight = true, number = false, relativenumber = false, signcolumn = 'no', wrap = true })
  set(win, { winbar = 'Ask (:w sends)', foldenable = false })
  return win
end

-- Closing one closes the other.
---@param one integer
---@param other integer
local function tie(one, other)
  vim.api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(one),
    once = true,
    callback = function()
      vim.schedule(function()
        if vim.api.nvim_win_is_valid(other) then
          pcall(vim.api.nvim_win_close, other, true)
        end
      end)
    end,
  })
end

-- Shows a conversation in this tab. With `focus` one can type at once.
---@param chat integer The buffer of what was said.
---@param ask integer The buffer of what one asks.
---@param focus boolean
function M.show(chat, ask, focus)
  local chat_win, ask_win = M.find('chat'), M.find('ask')
  if chat_win and ask_win then
    vim.api.nvim_win_set_buf(chat_win, chat)
    vim.api.nvim_win_set_buf(ask_win, ask)
  else
    chat_win = chat_win or open_chat(chat)
    ask_win = ask_win or open_ask(ask, chat_win)
    tie(chat_win, ask_win)
    tie(ask_win, chat_win)
  end
  if focus then
    vim.api.nvim_set_current_win(ask_win)
    vim.cmd.startinsert()
  end
end

-- Has the folds counted again: Neovim 0.10 loses the first one when a text begins. What is closed stays closed.
---@param buf integer
function M.refold(buf)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    set(win, { foldexpr = vim.wo[win].foldexpr })
  end
end

-- What stands above a conversation: its title, and whether it answers.
---@param buf integer
---@param title string
---@param state string
function M.title(buf, title, state)
  local words = text.for_bar(title ~= '' and title or 'new conversation', 60)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    set(win, { winbar = words .. (state ~= '' and ' · ' .. text.for_bar(state, 40) or '') })
  end
end

return M
