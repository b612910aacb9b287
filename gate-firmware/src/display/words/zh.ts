import type { Messages } from './messages.ts';

/** Simplified Chinese. */
export const zh: Messages = {
  name: '简体中文',
  page: '入场闸口',
  chooseLanguage: '显示语言',
  touch: '请将卡片放在此处',
  hold: '请保持不动',
  goIn: '请入场',
  goOut: '请慢走，欢迎再来',
  gate: '入口',
  block: '区',
  row: '排',
  number: '号',
  guest: (place, size) => `第 ${place} 位 / 共 ${size} 位`,
  guests: (count, size) => (count === size ? `共 ${count} 位` : `${count} 位 / 共 ${size} 位`),
  noReceipt: '本次不打印凭条，请记住您的座位',
  attention: '工作人员将与您联系',
  code: '编号',
  helpDesk: '请前往服务台',
  removed: { title: '请将卡片放回原处', action: '请保持不动，直到圆环填满' },
  staff: {
    'face-check': { title: '工作人员将核对您的面容', action: '请在原地稍候' },
    attention: { title: '工作人员马上就来', action: '请在原地稍候' },
  },
  alreadyOpen: { title: '请直接通行', action: '闸门已经打开' },
  open: { title: '请直接通行', action: '无需刷卡' },
  evacuate: { title: '请保持镇静，前往出口', action: '请听从工作人员引导' },
  outOfService: { title: '本通道暂停使用', action: '请使用其他通道' },
  closed: { title: '本通道已关闭', action: '请使用其他通道' },
  categories: {
    adult: '成人',
    child: '儿童',
    student: '学生',
    senior: '长者',
    concession: '优惠',
  },
};
