// Behaviour added to pages that already work as plain links and forms. No inline scripts anywhere: the
// Content-Security-Policy forbids them. Each part is a module by subject.
import { startFiles } from './files.js';
import { startChoices, startFocus, startOnce } from './forms.js';
import { startIdle } from './idle.js';
import { startJobs } from './jobs.js';
import { startLive } from './live.js';
import { startRefused } from './refused.js';
import { startReveal } from './reveal.js';
import { startReview } from './review.js';
import { startRosters } from './rosters.js';
import { startScrolling } from './scrolling.js';
import { startMenus, startTheme } from './shell.js';
import { startTables } from './tables.js';
import { startToasts } from './toasts.js';
import { startVisit } from './visit.js';

document.body.classList.add('js');
[startTheme, startMenus, startFocus, startOnce, startChoices, startTables, startToasts, startJobs, startLive, startIdle, startFiles, startReview, startRosters, startVisit, startRefused, startReveal, startScrolling].forEach((start) => start());
