// Starts the Slack of the npm package "emulate" 0.12.2 on a free port of loopback
// and writes one line to stdout when it is ready: READY and what is in the
// workspace, in JSON. It ends when its stdin does.
//
// usage: node start.mjs CONFIG, in JSON:
//   events   address that signed events are sent to
//   secret   what they are signed with
//   scopes   of the bot
//   people   names of users; the token of each is "xoxp-" and the name
//   rooms    names of channels, with all people in them; {name, is_private}
//   tokens   {token: scopes}: tokens of the bot
//
// Where the emulator is laxer than Slack, or has less, this makes it stricter:
//   - any unknown token is a user without scopes: here it is nobody
//   - scopes are checked only with strict_scopes
//   - there is no users.conversations
//   - an unknown method is HTTP 404; Slack answers 200 with an error
import { readdirSync, readFileSync } from 'node:fs';
import { createEmulator } from 'emulate';

const config = JSON.parse(process.argv[2]);
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();

// The package does not export the plugin, only a way to start it. It lies in a file
// with a name made by the bundler.
const dist = new URL('./node_modules/emulate/dist/', import.meta.url);
const file = readdirSync(dist).find(f => /^dist-.*\.js$/.test(f) && /^ +slackPlugin$/m.test(readFileSync(new URL(f, dist), 'utf8')));
if (!file) throw new Error('this version of emulate has no file with slackPlugin in it');
const { slackPlugin, getSlackStore } = await import(new URL(file, dist));

let slack; // the collections of the emulator
const register = slackPlugin.register.bind(slackPlugin);
slackPlugin.register = (app, store, webhooks, ...rest) => {
  slack = getSlackStore(store);
  webhooks.register({ url: config.events, events: ['*'], active: true, owner: 'slack' });
  app.use('*', async (c, next) => {
    c.set('authUser', undefined);
    c.set('authScopes', undefined);
    await next();
  });
  register(app, store, webhooks, ...rest);
  app.post('/api/users.conversations', conversations);
  app.post('/api/:method', c => c.json({ ok: false, error: 'unknown_method', req_method: c.req.param('method') }));
};

// https://docs.slack.dev/reference/methods/users.conversations, in one page.
async function conversations(c) {
  const who = c.get('authUser');
  if (!who) return c.json({ ok: false, error: 'not_authed' });
  const kinds = { public_channel: 'channels:read', private_channel: 'groups:read', im: 'im:read', mpim: 'mpim:read' };
  const types = (new URLSearchParams(await c.req.text()).get('types') ?? 'public_channel').split(',');
  const needed = types.map(t => kinds[t]).filter(scope => !who.scopes.includes(scope));
  if (needed.length > 0) return c.json({ ok: false, error: 'missing_scope', needed: needed.join(','), provided: who.scopes.join(',') });
  const type = ch => ch.is_im ? 'im' : ch.is_mpim ? 'mpim' : ch.is_private ? 'private_channel' : 'public_channel';
  const channels = slack.channels.all().filter(ch => types.includes(type(ch)) && ch.members.includes(who.login))
    .map(ch => ({ id: ch.channel_id, name: ch.name, is_im: !!ch.is_im, is_private: ch.is_private }));
  return c.json({ ok: true, channels, response_metadata: { next_cursor: '' } });
}

const bot = { app_id: 'A0FRONTDESK', bot_id: 'B0FRONTDESK', bot_user_id: 'U0FRONTDESK', bot_name: 'frontdesk' };
const emulator = await createEmulator({
  service: 'slack', port: 0, hostname: '127.0.0.1',
  seed: { slack: {
    signing_secret: config.secret,
    strict_scopes: true,
    users: config.people.map(name => ({ name, email: `${name}@customers.example` })),
    channels: config.rooms,
    oauth_apps: [{ client_id: 'frontdesk', client_secret: 'not used', name: 'Frontdesk', redirect_uris: [], scopes: config.scopes, ...bot }],
    tokens: [
      ...config.people.map(user => ({ token: `xoxp-${user}`, user })), // with every scope that the emulator knows
      ...Object.entries(config.tokens).map(([token, scopes]) => ({ token, scopes, user_id: bot.bot_user_id, app_id: bot.app_id, bot_id: bot.bot_id })),
    ],
  } },
});
const ids = (rows, id) => Object.fromEntries(rows.map(row => [row.name, row[id]]));
console.log('READY', JSON.stringify({
  url: emulator.url, team: slack.teams.all()[0].team_id, bot: bot.bot_user_id,
  people: ids(slack.users.all(), 'user_id'), rooms: ids(slack.channels.all(), 'channel_id'),
}));
