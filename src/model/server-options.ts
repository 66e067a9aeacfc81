const both = ['start', 'dev'] as const

/** What of the table of settings is about the server: where it listens. */
export const serverOptions = {
  host: {
    key: 'server.host',
    flag: '--host',
    env: 'MILLRACE_HOST',
    type: 'text',
    default: '127.0.0.1',
    placeholder: 'ADDRESS',
    commands: both,
    doc: 'Address to listen on; :: is every address, IPv4 and IPv6.',
  },
  port: {
    key: 'server.port',
    flag: '--port',
    env: 'MILLRACE_PORT',
    type: 'integer',
    default: 4570,
    min: 0,
    max: 65_535,
    placeholder: 'N',
    commands: both,
    doc: 'Port of the Lambda API, the operations API and the metrics; 0 takes a free one.',
  },
  allowedHosts: {
    key: 'server.allowedHosts',
    flag: '--allowed-hosts',
    env: 'MILLRACE_ALLOWED_HOSTS',
    type: 'texts',
    placeholder: 'NAME[,NAME]',
    commands: both,
    doc:
      'Host names that clients may call Millrace by; *.example.com allows all below it. Names of this machine always work, and on other ' +
      'interfaces than loopback also IP addresses, names without a dot, *.internal, *.local, *.svc and *.cluster.local.',
  },
} as const

/** Who may use the API. These are read together: texts and files of secrets become one set of proofs. */
export const authOptions = {
  auth: {
    key: 'server.auth',
    flag: '--auth',
    env: 'MILLRACE_AUTH',
    type: 'choice',
    values: ['none', 'token', 'sigv4'],
    commands: both,
    doc:
      'Who may use the API. token: who sends the bearer token. sigv4: who signs with one of the key pairs, as AWS CLI and SDKs do; a ' +
      'token, where one is set, is taken as well. Unset: sigv4 where keys are given, token where a token is given, else none.',
  },
  token: {
    key: 'server.token',
    flag: null,
    env: 'MILLRACE_TOKEN',
    type: 'text',
    secret: true,
    commands: both,
    doc: 'The bearer token, 8 characters or more.',
  },
  tokenFile: {
    key: 'server.tokenFile',
    flag: '--token-file',
    env: 'MILLRACE_TOKEN_FILE',
    type: 'text',
    placeholder: 'FILE',
    commands: both,
    doc: 'A file that holds the bearer token.',
  },
  keys: {
    key: 'server.keys',
    flag: null,
    env: 'MILLRACE_KEYS',
    type: 'text',
    secret: true,
    commands: both,
    doc: 'Key pairs of clients: ACCESS_KEY_ID:SECRET_ACCESS_KEY, several between commas.',
  },
  keysFile: {
    key: 'server.keysFile',
    flag: '--keys-file',
    env: 'MILLRACE_KEYS_FILE',
    type: 'text',
    placeholder: 'FILE',
    commands: both,
    doc: 'Key pairs of clients in a file such as ~/.aws/credentials; the log calls them by their profiles.',
  },
} as const
