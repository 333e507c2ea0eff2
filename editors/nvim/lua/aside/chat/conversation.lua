-- One conversation: what the server says of it, drawn into its transcript. A turn is drawn from its events only, so that nothing
-- is shown twice, whichever comes first.

local client_of = require('aside.client')
local tell = require('aside.tell')
local text_of = require('aside.text')
local windows = require('aside.chat.windows')

local M = {}

---@class aside.Conversation
---@field id string
---@field root string The folder whose server has it.
---@field info table The server's `SessionInfo`.
---@field transcript aside.Transcript
---@field input integer The buffer to ask in.
---@field client? integer The server that tells of it.
---@field turn? string The turn that was drawn last.
---@field answer? aside.Mark Where its answer begins.
---@field pending? { text: string, mark: aside.Mark } A question on its way.
---@field loading boolean The page is on its way: events wait.
---@field busy boolean An answer is being given.
---@field limit integer How many messages are shown.
---@field usage? string What the last answer took.
---@field target? { buf: integer, first: integer, last: integer } What the last question was about.
local Conversation = {}
Conversation.__index = Conversation

-- What is said below an answer that is not whole, by its state.
local ENDS = {
  stopped = '*Stopped.*',
  interrupted = '*Interrupted: the program that gave this answer ended.*',
  truncated = '*Cut off: the connection ended before the answer did.*',
  length = '*Cut off: a limit of length was reached.*',
  error = '*Failed.*',
}
local GOES_ON = ' `:Aside resume` goes on with it.'

---@param feeds table<string, aside.Feed>
---@param info table
---@param root string
---@return aside.Conversation
function M.new(feeds, info, root)
  local self = setmetatable({
    id = info.id,
    root = root,
    info = info,
    feeds = feeds,
    loading = false,
    busy = false,
    limit = 50,
    transcript = require('aside.chat.transcript').new(info.id),
  }, Conversation)
  self.input = require('aside.chat.input').new(info.id, function(text)
    self:send(text)
  end)
  return self
end

---@return boolean
function Conversation:is_alive()
  return self.transcript:is_alive() and vim.api.nvim_buf_is_valid(self.input)
end

function Conversation:retitle()
  local state = self.busy and 'answering, :Aside stop' or self.usage or ''
  windows.title(self.transcript.buf, self.info.title or '', state)
end

---@param busy boolean
function Conversation:set_busy(busy)
  self.busy = busy
  self:retitle()
  vim.cmd.redrawstatus()
end

---@param focus boolean
function Conversation:show(focus)
  windows.show(self.transcript.buf, self.input, focus)
  self:retitle()
end

---@param model? string
function Conversation:answer_head(model)
  self.transcript:head(model and ('Aside (%s)'):format(text_of.one_line(model)) or 'Aside', false)
  self.answer = self.transcript:mark()
end

---@param reason string
---@param err? { message: string, hint?: string }
function Conversation:draw_end(reason, err)
  local words = ENDS[reason]
  if not words then
    return
  end
  err = text_of.value(err)
  if err then
    words = ('%s %s.'):format(words, tell.sentence(err.message, text_of.value(err.hint)))
  end
  self.transcript:note(words .. GOES_ON)
end

---@param message table
function Conversation:draw_message(message)
  local t = self.transcript
  if message.role == 'user' then
    t:head('You', true)
    t:append(message.text)
    for _, attachment in ipairs(text_of.value(message.attachments) or {}) do
      t:note('with ' .. text_of.one_line(attachment.label or ''))
    end
  elseif message.role == 'system' then
    t:head('Before', false)
    t:append(message.text)
  else
    self:answer_head(text_of.value(message.model))
    t:append(message.text)
    self:draw_end(message.state, message.error)
  end
end

---@param event table
function Conversation:draw_event(event)
  if event.type == 'delta' then
    self.transcript:append(event.text)
  elseif event.type == 'usage' then
    self.usage = ('%d + %d tokens'):format(event.inputTokens or 0, event.outputTokens or 0)
  elseif event.type == 'notice' then
    self.transcript:note(event.text)
  elseif event.type == 'end' then
    self:draw_end(event.reason, event.error)
    self:set_busy(false)
  end
end

-- Draws a turn from its first event.
function Conversation:draw_feed()
  local feed = self.feeds[self.id]
  self.turn = feed.turn
  self:set_busy(true)
  if feed.events[1].type ~= 'asked' then
    self:answer_head()
  end
  for _, event in ipairs(feed.events) do
    self:draw_asked(event)
    self:draw_event(event)
  end
end

-- Another program asked: its question comes as an event.
---@param event table
function Conversation:draw_asked(event)
  if event.type == 'asked' then
    self.transcript:head('You', true)
    self.transcript:append(event.text)
    self:answer_head(text_of.value(event.model))
  end
end

---@param page { session: table, messages: table[], before?: integer, damage?: table[] }
function Conversation:draw_page(page)
  self.info = page.session
  self.transcript:clear()
  if text_of.value(page.before) then
    self.transcript:note('There is more before this: `:Aside earlier` shows it.')
  end
  if text_of.value(page.session.imported) then
    self.transcript:note('Imported from a file: anybody may have written it.')
  end
  for _, damage in ipairs(text_of.value(page.damage) or {}) do
    self.transcript:note('Damaged: ' .. damage.message)
  end
  local last = page.messages[#page.messages]
  local feed = self.feeds[self.id]
  for _, message in ipairs(page.messages) do
    if message.state ~= 'streaming' or message.role == 'user' then
      self:draw_message(message)
    end
  end
  local running = last and (last.role == 'user' or last.state == 'streaming')
  self:set_busy(running and page.session.state == 'running' or false)
  if running and feed then
    self:draw_feed()
  end
end

-- Fetches it from the server, which tells of it from now on, and draws it anew.
---@param client vim.lsp.Client
---@param done? fun()
---@param failed? fun() It could not be opened; the person was told why.
function Conversation:load(client, done, failed)
  self.loading, self.client = true, client.id
  client_of.request(client, 'aside/chat/open', { session = self.id, limit = self.limit }, function(page)
    self.loading = false
    if self:is_alive() then
      self:draw_page(page)
      if done then
        done()
      end
    end
  end, function(err)
    self.loading, self.client = false, nil
    tell.failure(err)
    if failed then
      failed()
    end
  end)
end

-- Calls back with its server, which knows that this editor listens.
---@param call fun(client: vim.lsp.Client)
---@param failed? fun() There is none, or the conversation cannot be opened; the person was told why.
function Conversation:with_client(call, failed)
  client_of.ready(self.root, function(client)
    if self.client == client.id then
      call(client)
    else
      self:load(client, function()
        call(client)
      end, failed)
    end
  end, failed)
end

-- Its server is gone: what it was saying is not coming any more.
function Conversation:lost()
  self.client, self.loading = nil, false
  self:take_back(self.pending)
  if self.busy then
    self.transcript:note(ENDS.interrupted .. GOES_ON)
    self:set_busy(false)
  end
end

-- An event came; `kind` is what became of it in the feed.
---@param params aside.ChatEvent
---@param kind 'new'|'more'|'old'|'gap'
function Conversation:heard(params, kind)
  if self.loading or kind == 'old' or not self:is_alive() then
    return
  end
  local event = params.event
  if kind == 'new' and (self.pending or params.turn == self.turn) then
    if self.turn == params.turn and self.answer then
      self.transcript:cut(self.answer)
    else
      self:begin(params.turn)
    end
    self:draw_event(event)
  elseif kind == 'new' and event.type == 'asked' then
    self:draw_feed()
  elseif kind == 'more' and params.turn == self.turn then
    self:draw_event(event)
  else
    -- A turn that this window knows nothing of, or a part of one is missing.
    local client = vim.lsp.get_client_by_id(self.client or -1)
    if client then
      self:load(client)
    end
  end
end

-- The answer to the question on its way begins.
---@param turn string
function Conversation:begin(turn)
  if self.turn ~= turn then
    self.turn, self.pending = turn, nil
    self:answer_head()
    self:set_busy(true)
  end
end

-- A text that could not be sent stands in the window to ask again.
---@param text string
function Conversation:put_back(text)
  if vim.api.nvim_buf_is_valid(self.input) then
    require('aside.chat.input').put_back(self.input, text)
  end
end

-- A question did not arrive.
---@param pending? { text: string, mark: aside.Mark } Nothing happens unless it is the one on its way.
function Conversation:take_back(pending)
  if pending and pending == self.pending then
    self.pending = nil
    if self.transcript:is_alive() then
      self.transcript:cut(pending.mark)
    end
    self:put_back(pending.text)
  end
end

-- Asks. What cannot be sent stands in the window to ask again.
---@param text string
---@param focus? { uri: string, range?: lsp.Range }
function Conversation:send(text, focus)
  if self.busy or self.pending then
    self:put_back(text)
    return tell.warn('an answer is being given: `:Aside stop` stops it')
  end
  self:with_client(function(client)
    local mark = self.transcript:mark()
    self.transcript:head('You', true)
    self.transcript:append(text)
    local pending = { text = text, mark = mark }
    self.pending = pending
    local params = { session = self.id, text = text, focus = focus, model = require('aside.model').chosen() }
    client_of.request(client, 'aside/chat/send', params, function(sent)
      self:begin(sent.turn)
      if (self.info.title or '') == '' then
        self.info.title = text_of.one_line(text, 60)
        self:retitle()
      end
    end, function(err)
      self:take_back(pending)
      tell.failure(err)
    end)
  end, function()
    self:put_back(text)
  end)
end

-- Goes on with an answer that was cut off.
function Conversation:resume()
  self:with_client(function(client)
    local params = { session = self.id, model = require('aside.model').chosen() }
    client_of.request(client, 'aside/chat/continue', params)
  end)
end

-- Stops the answer; what came of it stays.
function Conversation:stop()
  self:with_client(function(client)
    client_of.request(client, 'aside/chat/stop', { session = self.id })
  end)
end

return M
