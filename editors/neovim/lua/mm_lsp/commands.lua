--- The buffer-local `:LspMm…` commands.
local server = require('mm_lsp.server')

local M = {}

---@alias mm_lsp.Given vim.api.keyset.create_user_command.command_args

--- The lines that a command was given; nil, which means the whole file, if none were.
---@param given mm_lsp.Given
---@return lsp.Range?
local function lines_of(given)
  if given.range == 0 then
    return nil
  end
  return {
    start = { line = given.line1 - 1, character = 0 },
    ['end'] = { line = given.line2, character = 0 },
  }
end

---@param bufnr integer
function M.create(bufnr)
  local uri = vim.uri_from_bufnr(bufnr)

  ---@param name string
  ---@param options vim.api.keyset.user_command
  ---@param call fun(client: vim.lsp.Client, given: mm_lsp.Given)
  local function command(name, options, call)
    vim.api.nvim_buf_create_user_command(bufnr, name, function(given)
      local client = server.client_of(bufnr)
      if client then
        call(client, given)
      end
    end, options)
  end

  command('LspMmExplain', {
    range = true,
    nargs = '*',
    desc = 'Explain the lines or the file, or answer a question about them',
  }, function(client, given)
    local question = given.args ~= '' and given.args or nil
    local argument = { uri = uri, range = lines_of(given), question = question }
    require('mm_lsp.explain').ask(client, bufnr, argument)
  end)

  command('LspMmEdit', {
    range = true,
    nargs = '*',
    desc = 'Change the lines or the file as you say',
  }, function(client, given)
    local range = lines_of(given)
    ---@param instruction? string
    local function edit(instruction)
      if not instruction or vim.trim(instruction) == '' then
        return
      end
      local argument = { uri = uri, range = range, instruction = instruction }
      server.run(client, bufnr, 'mm-lsp.edit', { argument }, function(result)
        server.say(result.summary)
      end)
    end
    if given.args ~= '' then
      edit(given.args)
    else
      vim.ui.input({ prompt = 'What to change: ' }, edit)
    end
  end)

  command('LspMmStop', {
    desc = 'Stop the newest explanation or edit',
  }, function(client)
    server.run(client, bufnr, 'mm-lsp.cancel', {}, function(result)
      if type(result.cancelled) ~= 'string' then
        server.say('nothing is running')
      end
    end)
  end)

  command('LspMmTrust', {
    bang = true,
    desc = "Let the workspace's rule files steer the model; with ! no longer",
  }, function(client, given)
    local argument = { uri = uri, trusted = not given.bang }
    server.run(client, bufnr, 'mm-lsp.trust', { argument }, function(result)
      server.say(('%s is %s'):format(result.workspace, result.state))
    end)
  end)

  command('LspMmWhy', {
    desc = 'Tell what became of the last suggestion',
  }, function(client)
    server.run(client, bufnr, 'mm-lsp.why', { { uri = uri } }, function(result)
      local parts = { ('%s (%s)'):format(result.outcome, result.lane) }
      if result.reason ~= '' then
        parts[#parts + 1] = result.reason
      end
      for name, milliseconds in vim.spairs(result.timings) do
        parts[#parts + 1] = ('%s %d ms'):format(name, milliseconds)
      end
      server.say(table.concat(parts, ', '))
    end)
  end)
end

return M
