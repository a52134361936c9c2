local M = {}

local health = vim.health

local function check_neovim()
  health.start('Neovim')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.11') == 0 then
    health.error(version .. ' is too old', 'Install Neovim 0.11 or newer.')
  elseif not vim.lsp.inline_completion then
    health.ok(version)
    health.info('Ghost text needs Neovim 0.12; here suggestions come by i_CTRL-X_CTRL-O')
  elseif vim.lsp.inline_completion.is_enabled({ bufnr = 0 }) then
    health.ok(version .. ', inline completion is on')
  else
    health.ok(version)
    health.warn('Inline completion is off', 'Call vim.lsp.inline_completion.enable().')
  end
end

local function check_server()
  health.start('Server')
  local config = vim.lsp.config.mm_lsp
  if not config or type(config.cmd) ~= 'table' then
    health.info('`cmd` is no list of words, so the program is not checked')
    return
  end
  local cmd = config.cmd --[[@as string[] ]]
  local line = table.concat(cmd, ' ')
  if vim.fn.executable(cmd[1]) == 0 then
    health.error('`' .. cmd[1] .. '` is not found', {
      'Install it: pipx install . (in a checkout of mm-lsp)',
      "or say where it is: require('mm_lsp').setup({ cmd = { '/path/to/mm-lsp' } })",
    })
    return
  end
  local ask = vim.list_extend(vim.deepcopy(cmd), { '--version' })
  local answer = vim.system(ask, { text = true, timeout = 10000, env = config.cmd_env }):wait()
  if answer.code == 0 then
    health.ok(('`%s`: %s'):format(line, vim.trim(answer.stdout)))
  else
    health.error(('`%s --version` fails: %s'):format(line, vim.trim(answer.stderr)))
  end
end

local function check_clients()
  health.start('Connection')
  if not vim.lsp.is_enabled('mm_lsp') then
    health.warn('The server is not enabled', "Call require('mm_lsp').setup().")
    return
  end
  local clients = vim.lsp.get_clients({ name = 'mm_lsp' })
  if #clients == 0 then
    health.info('No file is open that it serves')
  end
  for _, client in ipairs(clients) do
    local server = client.server_info or {}
    local buffers = vim.tbl_count(client.attached_buffers)
    local root = client.root_dir or 'no workspace'
    local said = ('%s %s'):format(server.name or 'mm-lsp', server.version or '')
    health.ok(('%s serves %d file(s) of %s'):format(said, buffers, root))
  end
end

function M.check()
  check_neovim()
  check_server()
  check_clients()
end

return M
