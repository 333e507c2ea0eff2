-- The conversations of this editor: which one belongs to a folder, and what commands do with it.

local client_of = require('aside.client')
local conversation = require('aside.chat.conversation')
local feed = require('aside.chat.feed')
local focus = require('aside.focus')
local tell = require('aside.tell')
local text_of = require('aside.text')

local M = {}

---@type table<string, aside.Feed>
local feeds = {}
---@type table<string, aside.Conversation>
local known = {}
-- The conversation that one last had in a folder.
---@type table<string, string>
local current = {}

---@param info table
---@param root string
---@return aside.Conversation
local function of(info, root)
  local one = known[info.id]
  if not one or not one:is_alive() then
    one = conversation.new(feeds, info, root)
    known[info.id] = one
  end
  current[root] = info.id
  return one
end

-- The conversation whose window one is in, else the one of the folder.
---@return aside.Conversation?
function M.here()
  local kind, id = vim.api.nvim_buf_get_name(0):match('^aside://(%a+)/(.+)$')
  if kind ~= 'chat' and kind ~= 'ask' then
    id = current[client_of.root()]
  end
  local one = id and known[id]
  return one and one:is_alive() and one or nil
end

-- Whether an answer is being given.
---@return boolean
function M.is_busy()
  for _, one in pairs(known) do
    if one.busy then
      return true
    end
  end
  return false
end

-- An event of a conversation came.
---@param params aside.ChatEvent
function M.heard(params)
  local kind = feed.add(feeds, params)
  local one = known[params.session]
  if one then
    one:heard(params, kind)
  end
end

-- A server ended.
---@param client integer
function M.lost(client)
  for _, one in pairs(known) do
    if one.client == client and one:is_alive() then
      one:lost()
    end
  end
end

---@param client vim.lsp.Client
---@param info table
---@param done fun(one: aside.Conversation)
local function load(client, info, done)
  local one = of(info, client.config.root_dir)
  one:load(client, function()
    done(one)
  end)
end

---@param client vim.lsp.Client
---@param done fun(one: aside.Conversation)
function M.new(client, done)
  local params = { workspace = vim.uri_from_fname(client.config.root_dir) }
  client_of.request(client, 'aside/chat/new', params, function(made)
    local one = of(made.session, client.config.root_dir)
    one.client = client.id
    done(one)
  end)
end

---@param info table
---@return string
local function entry(info)
  if info.from then
    return ('bring the conversations of %s here (%d)'):format(text_of.one_line(info.from), info.sessions)
  end
  local title = info.title ~= '' and text_of.one_line(info.title, 50) or 'new conversation'
  local state = info.state ~= 'idle' and ', ' .. info.state or ''
  local elsewhere = text_of.value(info.elsewhere) and ', open elsewhere' or ''
  local day = (info.updated or ''):sub(1, 16):gsub('T', ' ')
  return ('%s  %s, %d messages%s%s'):format(title, day, info.messages, state, elsewhere)
end

-- Brings the conversations of a folder that was moved to where it is now.
---@param client vim.lsp.Client
---@param from string
---@param done fun()
local function relink(client, from, done)
  local to = vim.uri_from_fname(client.config.root_dir)
  client_of.request(client, 'aside/chat/relink', { from = from, to = to }, done)
end

-- Where a folder has no conversations and another one had some that may be its own, the person says which it is.
---@param client vim.lsp.Client
---@param moved { from: string, sessions: integer }[]
---@param done fun(one: aside.Conversation)
local function bring_or_begin(client, moved, done)
  local choices = vim.list_extend({ 'begin a new conversation' }, moved)
  vim.ui.select(choices, {
    prompt = 'This folder has no conversations yet',
    format_item = function(choice)
      return type(choice) == 'string' and choice or entry(choice)
    end,
  }, function(choice)
    if type(choice) == 'table' then
      relink(client, choice.from, function()
        M.with(false, done)
      end)
    elseif choice then
      M.new(client, done)
    end
  end)
end

-- The newest conversation of the folder, or a new one where it has none or the person wants one.
---@param anew boolean
---@param done fun(one: aside.Conversation)
---@param failed? fun(one: aside.Conversation) It is there and its server is not.
function M.with(anew, done, failed)
  local one = M.here()
  if one and not anew then
    return one:with_client(function()
      done(one)
    end, failed and function()
      failed(one)
    end)
  end
  client_of.ready(nil, function(client)
    if anew then
      return M.new(client, done)
    end
    local params = { workspace = vim.uri_from_fname(client.config.root_dir), limit = 1 }
    client_of.request(client, 'aside/chat/list', params, function(list)
      local moved = text_of.value(list.moved) or {}
      if list.sessions[1] then
        load(client, list.sessions[1], done)
      elseif #moved > 0 then
        bring_or_begin(client, moved, done)
      else
        M.new(client, done)
      end
    end)
  end)
end

-- Opens the conversation of the folder, to type in.
---@param anew boolean
function M.open(anew)
  M.with(anew, function(one)
    one:show(true)
  end)
end

-- Opens one that a server names: an action answers there.
---@param session string
---@param id integer The client.
function M.show(session, id)
  local one = known[session]
  if one and one:is_alive() then
    return one:show(false)
  end
  local client = vim.lsp.get_client_by_id(id)
  if client then
    load(client, { id = session }, function(loaded)
      loaded:show(false)
    end)
  end
end

-- Asks in the conversation of the folder. With lines of the file they are what it is about.
---@param text string
---@param lines? { first: integer, last: integer }
---@param anew boolean
function M.ask(text, lines, anew)
  local buf = focus.buffer()
  M.with(anew, function(one)
    one:show(false)
    local about = buf and { uri = vim.uri_from_bufnr(buf) } or nil
    one.target = nil
    if buf and about and lines then
      about.range = focus.lines(buf, lines.first, lines.last)
      one.target = { buf = buf, first = lines.first, last = lines.last }
    end
    one:send(text, about)
  end, function(one)
    one:show(false)
    one:put_back(text)
  end)
end

-- Sends what stands in the window to ask.
function M.send()
  local one = M.here()
  if not one then
    return tell.warn('there is no conversation here: `:Aside chat` opens one')
  end
  require('aside.chat.input').take(one.input, function(text)
    one:send(text)
  end)
end

-- Goes on with the last answer.
function M.resume()
  M.with(false, function(one)
    one:show(false)
    one:resume()
  end)
end

-- Shows up to 1000 messages instead of the last ones.
function M.earlier()
  M.with(false, function(one)
    one.limit = 1000
    one:show(false)
    one:load(assert(client_of.find(one.root)))
  end)
end

-- Lets the person choose a conversation of the folder.
function M.choose()
  client_of.ready(nil, function(client)
    local workspace = vim.uri_from_fname(client.config.root_dir)
    client_of.request(client, 'aside/chat/list', { workspace = workspace }, function(list)
      local all = vim.list_extend(vim.list_extend({}, list.sessions), text_of.value(list.moved) or {})
      if #all == 0 then
        return tell.say('there are no conversations here yet: `:Aside chat` begins one')
      end
      vim.ui.select(all, { prompt = 'Conversation', format_item = entry }, function(info)
        if info and info.from then
          relink(client, info.from, M.choose)
        elseif info then
          load(client, info, function(one)
            one:show(true)
          end)
        end
      end)
    end)
  end)
end

return M
