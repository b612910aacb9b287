import type { Messages } from './messages.ts';

export const ko: Messages = {
  name: '한국어',
  page: '입장 게이트',
  chooseLanguage: '표시 언어',
  touch: '카드를 여기에 대 주세요',
  hold: '그대로 기다려 주세요',
  goIn: '입장해 주세요',
  goOut: '안녕히 가세요',
  gate: '게이트',
  block: '구역',
  row: '열',
  number: '번',
  guest: (place, size) => `${place} / ${size}명`,
  guests: (count, size) => (count === size ? `${count}명` : `${count} / ${size}명`),
  noReceipt: '확인증이 나오지 않습니다. 좌석을 기억해 주세요',
  attention: '직원이 말씀드리겠습니다',
  code: '번호',
  helpDesk: '안내 데스크로 와 주세요',
  removed: {
    title: '카드를 다시 올려 주세요',
    action: '원이 가득 찰 때까지 그대로 기다려 주세요',
  },
  staff: {
    'face-check': {
      title: '직원이 얼굴을 확인하겠습니다',
      action: '그 자리에서 기다려 주세요',
    },
    attention: { title: '직원이 곧 오겠습니다', action: '그 자리에서 기다려 주세요' },
  },
  alreadyOpen: { title: '그대로 지나가 주세요', action: '게이트가 열려 있습니다' },
  open: { title: '그대로 지나가 주세요', action: '카드를 대지 않으셔도 됩니다' },
  evacuate: { title: '침착하게 출구로 이동해 주세요', action: '직원의 안내를 따라 주세요' },
  outOfService: { title: '지금은 이용하실 수 없습니다', action: '다른 통로를 이용해 주세요' },
  closed: { title: '이 통로는 닫혀 있습니다', action: '다른 통로를 이용해 주세요' },
  categories: {
    adult: '성인',
    child: '어린이',
    student: '학생',
    senior: '경로',
    concession: '할인',
  },
};
