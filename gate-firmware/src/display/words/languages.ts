import type { Written } from '../../admission/language.ts';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { ko } from './ko.ts';
import type { Messages } from './messages.ts';
import { zh } from './zh.ts';

export const MESSAGES: Written<Messages> = { ja, en, zh, ko };
