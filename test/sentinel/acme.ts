/** A small organisation, without keys that work: nothing here signs. */
import { config as configSchema, type Config } from '../../core/contracts/config.ts';

const person = (name: string, roles: readonly string[], ...channels: string[]) => ({
  name,
  roles,
  sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustAPlaceHolder'],
  ageRecipient: 'age1placeholder',
  channels,
});

export const address = 'breakglass-eu@acme.example';

/** `acme-eu`: asked for by alice; bob and carol own it; bob, carol and dan approve; erin to heidi keep shares. */
export const acme = (topicArn = 'arn:aws:sns:us-east-1:000000000000:security'): Config =>
  configSchema.parse({
    version: 1,
    organisation: 'Acme',
    origin: 'http://127.0.0.1:7400',
    people: {
      alice: person('Alice', ['senior', 'oncall'], 'oncall'),
      bob: person('Bob', ['senior', 'admin'], 'seniors'),
      carol: person('Carol', ['senior', 'admin'], 'seniors'),
      dan: person('Dan', ['senior'], 'seniors', 'oncall'),
      erin: person('Erin', [], 'keepers'),
      frank: person('Frank', [], 'keepers'),
      grace: person('Grace', [], 'keepers'),
      heidi: person('Heidi', [], 'keepers'),
      karl: person('Karl', ['security'], 'security-topic'),
    },
    channels: {
      'security-topic': { kind: 'sns', topicArn, region: 'us-east-1' },
      'security-chat': { kind: 'slack', secret: 'security-webhook' },
      oncall: { kind: 'slack', secret: 'oncall-webhook' },
      seniors: { kind: 'slack', secret: 'seniors-webhook' },
      keepers: { kind: 'slack', secret: 'keepers-webhook' },
    },
    security: { channels: ['security-topic', 'security-chat'] },
    worker: { sshKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustAPlaceHolder' },
    scenarios: {
      'sso-down': {
        says: 'SSO is fully down',
        conditions: { 'sso-fully-down': 'nobody can sign in' },
        longestSessionMinutes: 60,
      },
    },
    refused: {},
    accounts: {
      'acme-eu': {
        kind: 'kratos',
        says: 'production, Europe',
        scope: { region: 'eu' },
        principals: ['alice'],
        owners: ['bob', 'carol'],
        scenarios: ['sso-down'],
        quorum: { need: 2, role: 'senior' },
        runbook: 'https://runbooks.example/eu',
        address,
        custody: {
          password: { threshold: 2, custodians: ['erin', 'frank'], unlockFactor: 'safe in Berlin' },
          mfa: { threshold: 2, custodians: ['grace', 'heidi'], unlockFactor: 'vault in Munich' },
        },
      },
    },
  });
