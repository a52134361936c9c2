--- Answers for reading: a Markdown split that fills while the model writes.
local M = {}

local namespace = vim.api.nvim_create_namespace('mm_lsp.explain')

local TOKEN = 'nvim/explain/'

--- Progress token of an answer under way → the buffer that its text goes to.
---@type table<lsp.ProgressToken, integer>
local buffers = {}

--- Puts a remark behind the text, which is no part of it; nil takes the last one away.
---@param buf integer
---@param words? string
local function remark(buf, words)
  vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  if words then
    local row = vim.api.nvim_buf_line_count(buf) - 1
    vim.api.nvim_buf_set_extmark(buf, namespace, row, 0, { virt_text = { { words, 'Comment' } } })
  end
end

---@param buf integer
---@param text string
local function append(buf, text)
  remark(buf)
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_text(buf, -1, -1, -1, -1, vim.split(text, '\n', { plain = true }))
  vim.bo[buf].modifiable = false
end

--- Shows an empty answer buffer in the answer window, which leaves the cursor where it is.
---@return integer buf
local function show()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, 'mm-lsp://explain/' .. buf)
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].undolevels = -1
  vim.bo[buf].filetype = 'markdown'
  vim.bo[buf].modifiable = false
  vim.b[buf].mm_lsp_answer = true
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buf, desc = 'Close and stop the answer' })

  local win = vim.iter(vim.api.nvim_tabpage_list_wins(0)):find(function(one)
    return vim.b[vim.api.nvim_win_get_buf(one)].mm_lsp_answer
  end)
  if win then
    vim.api.nvim_win_set_buf(win, buf)
  else
    local split = vim.o.columns >= 140 and 'right' or 'below'
    win = vim.api.nvim_open_win(buf, false, { split = split, win = -1, style = 'minimal' })
  end
  vim.wo[win][0].wrap = true
  vim.wo[win][0].linebreak = true
  vim.wo[win][0].conceallevel = 2
  return buf
end

--- Takes a progress report, if it carries text of an answer.
---@param params lsp.ProgressParams
---@return boolean taken
function M.take(params)
  local buf, kind = buffers[params.token], params.value.kind
  if buf and kind == 'report' then
    append(buf, params.value.message or '')
  elseif buf and kind == 'end' then
    -- Neovim never calls the handler of a request that was stopped: then nothing overwrites this.
    buffers[params.token] = nil
    remark(buf, '(stopped)')
  end
  return kind == 'report' and vim.startswith(tostring(params.token), TOKEN)
end

--- Asks for an explanation. Closing its window stops it.
---@param client vim.lsp.Client
---@param bufnr integer
---@param argument { uri: string, range?: lsp.Range, question?: string }
function M.ask(client, bufnr, argument)
  local buf = show()
  local token = TOKEN .. buf
  buffers[token] = buf
  remark(buf, 'thinking… (:LspMmStop stops it)')

  local params = { command = 'mm-lsp.explain', arguments = { argument }, workDoneToken = token }
  local _, request = client:request('workspace/executeCommand', params, function(err)
    buffers[token] = nil
    if vim.api.nvim_buf_is_valid(buf) then
      local gap = vim.api.nvim_buf_line_count(buf) > 1 and '\n\n' or ''
      append(buf, err and gap .. err.message or '')
    end
  end, bufnr)

  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buf,
    callback = function()
      if buffers[token] and request then
        buffers[token] = nil
        client:cancel_request(request)
      end
    end,
  })
end

--- Runs what a code action starts, in place of Neovim, which would drop the text of an answer.
---@param command lsp.Command
---@param context lsp.HandlerContext
function M.run_action(command, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local bufnr, arguments = assert(context.bufnr), assert(command.arguments)
  if command.command == 'mm-lsp.explain' then
    return M.ask(client, bufnr, arguments[1])
  end
  -- The menu "mm-lsp…" may end in an explanation too.
  require('mm_lsp.server').run(client, bufnr, command.command, arguments, function(result)
    if result.markdown then
      append(show(), result.markdown)
    end
  end)
end

return M
