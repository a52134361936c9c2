--- How the plugin speaks with the server.
local M = {}

local CONTENT_MODIFIED = -32801

---@param message string
---@param level? integer
function M.say(message, level)
  vim.notify('mm-lsp: ' .. message, level)
end

--- The client that serves a buffer; says so if there is none.
---@param bufnr integer
---@return vim.lsp.Client?
function M.client_of(bufnr)
  local client = vim.lsp.get_clients({ name = 'mm_lsp', bufnr = bufnr })[1]
  if not client then
    M.say('the server is not running here; see :checkhealth mm_lsp', vim.log.levels.ERROR)
  end
  return client
end

--- Runs a command of the server and tells if it fails. Of lines that were changed meanwhile the
--- server itself tells, and of a request that was stopped Neovim never calls back.
---@param client vim.lsp.Client
---@param bufnr integer
---@param command string
---@param arguments table[]
---@param on_result fun(result: any)
function M.run(client, bufnr, command, arguments, on_result)
  local params = { command = command, arguments = arguments }
  client:request('workspace/executeCommand', params, function(err, result)
    if not err then
      on_result(result)
    elseif err.code ~= CONTENT_MODIFIED then
      M.say(err.message, vim.log.levels.ERROR)
    end
  end, bufnr)
end

return M
