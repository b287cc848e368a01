BEGIN TRANSACTION;
CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "alerts" VALUES('circuit_opened/broken',1,'{"key":"circuit_opened/broken","kind":"circuit_opened","summary":"broken keeps failing: its circuit breaker is open until 2026-11-30T10:33:42.468Z","job_id":"broken","opened_at":1796033022468,"last_at":1796033022468,"is_closing":false,"heard":{},"tries":0,"next_try_at":1796033022468,"revision":1}');
INSERT INTO "alerts" VALUES('dead_letter/broken',1,'{"key":"dead_letter/broken","kind":"dead_letter","summary":"broken@first failed for good: exit code 3: broken","job_id":"broken","execution_id":"broken@first","opened_at":1796033022477,"last_at":1796033022477,"is_closing":false,"heard":{},"tries":0,"next_try_at":1796033022477,"revision":1}');
INSERT INTO "alerts" VALUES('dead_letter/fails',2,'{"key":"dead_letter/fails","kind":"dead_letter","summary":"fails@open failed for good: exit code 3: broken","job_id":"fails","execution_id":"fails@open","opened_at":1796033020044,"last_at":1796033020044,"is_closing":false,"heard":{},"tries":1,"next_try_at":1796033050292,"revision":2}');
INSERT INTO "alerts" VALUES('dead_letter/times_out',2,'{"key":"dead_letter/times_out","kind":"dead_letter","summary":"times_out@over failed for good: attempt 1 took longer than 1s","job_id":"times_out","execution_id":"times_out@over","opened_at":1796033021578,"last_at":1796033021578,"is_closing":false,"heard":{},"tries":1,"next_try_at":1796033052315,"revision":2}');
CREATE TABLE backfills (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    ended_at INTEGER,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "backfills" VALUES('01M8NYJ2KG4QQH68SYG3040AZJ','backfilled',1,NULL,'{"id":"01M8NYJ2KG4QQH68SYG3040AZJ","revision":1,"job_id":"backfilled","job_version":1,"status":"running","range":{"from":1793491200000,"to":1793923200000,"order":"oldest_first"},"concurrency":2,"slots":5,"created_at":1796033022576,"next":1793664000000,"open":["backfilled@2026-11-01T00:00:00Z","backfilled@2026-11-02T00:00:00Z"],"tally":{"existing":0,"succeeded":0,"failed":0,"not_run":0}}');
CREATE TABLE cursors (shard INTEGER PRIMARY KEY, cursor INTEGER NOT NULL);
INSERT INTO "cursors" VALUES(0,1796033025304);
CREATE TABLE dead_letters (
    execution_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- open, redriven or discarded
    state TEXT NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "dead_letters" VALUES('broken@first','broken',1796033022468,'open','{"execution_id":"broken@first","job_id":"broken","reason":"exit code 3: broken","at":1796033022468,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@discarded','fails',1796033020308,'discarded','{"execution_id":"fails@discarded","job_id":"fails","reason":"exit code 3: broken","at":1796033020308,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@open','fails',1796033020042,'open','{"execution_id":"fails@open","job_id":"fails","reason":"exit code 3: broken","at":1796033020042,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@redriven','fails',1796033020206,'redriven','{"execution_id":"fails@redriven","job_id":"fails","reason":"exit code 3: broken","at":1796033020206,"attempts":1,"redriven_as":"fails@redriven~2"}');
INSERT INTO "dead_letters" VALUES('fails@redriven~2','fails',1796033020423,'open','{"execution_id":"fails@redriven~2","job_id":"fails","reason":"exit code 3: broken","at":1796033020423,"attempts":1}');
INSERT INTO "dead_letters" VALUES('times_out@over','times_out',1796033021562,'open','{"execution_id":"times_out@over","job_id":"times_out","reason":"attempt 1 took longer than 1s","at":1796033021562,"attempts":1}');
CREATE TABLE dependents (
    dependency TEXT NOT NULL,
    job_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (dependency, job_id, version)
) WITHOUT ROWID;
INSERT INTO "dependents" VALUES('each','joined',1);
INSERT INTO "dependents" VALUES('fails','needs_bad',1);
INSERT INTO "dependents" VALUES('root','each',1);
INSERT INTO "dependents" VALUES('root','leaf',1);
INSERT INTO "dependents" VALUES('root','only_if_bad',1);
INSERT INTO "dependents" VALUES('upstream','downstream',1);
CREATE TABLE executions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    due INTEGER NOT NULL,
    status TEXT NOT NULL,
    revision INTEGER NOT NULL,
    ended_at INTEGER,
    doc TEXT NOT NULL,
    -- What never changes and may be large: the work and the input. Written once.
    fixed TEXT
);
INSERT INTO "executions" VALUES(1,'downstream@2026-11-30T10:03:40Z','downstream',1796033020000,'waiting',0,NULL,'{"id":"downstream@2026-11-30T10:03:40Z","revision":0,"status":"waiting","job_version":0,"run":{"id":"downstream@2026-11-30T10:03:40Z","graph":1},"trigger":"schedule","priority":"normal","created_at":1796033020000,"due":1796033020000,"ready_at":1796033020000,"attempt":0,"dependencies":{"upstream":{"execution_id":"upstream@2026-11-30T10:03:40Z"}},"guard":"0 1796033020000 slot downstream@2026-11-30T10:03:40Z"}',NULL);
INSERT INTO "executions" VALUES(2,'upstream@2026-11-30T10:03:40Z','upstream',1796033020000,'running',1,NULL,'{"id":"upstream@2026-11-30T10:03:40Z","revision":1,"status":"running","job_version":1,"run":{"id":"upstream@2026-11-30T10:03:40Z","graph":1},"trigger":"schedule","priority":"normal","created_at":1796033020001,"due":1796033020000,"ready_at":1796033020000,"start_time":1796033020005,"attempt":1,"claim":{"id":10985942018509345550,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050001,"since":1796033020005},"admission":{"gates":["upstream"],"holds":true,"until_end":true},"guard":"0 1796033020000 slot upstream@2026-11-30T10:03:40Z"}',NULL);
INSERT INTO "executions" VALUES(3,'fails@open','fails',1796033020035,'failed',2,1796033020042,'{"id":"fails@open","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@open","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796033020035,"due":1796033020035,"ready_at":1796033020035,"start_time":1796033020036,"end_time":1796033020042,"attempt":1,"failures":1,"claim":{"id":10121343506985062992,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050036,"since":1796033020036},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033020036,"end_time":1796033020042,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796033020035 start fails@open 1"}',NULL);
INSERT INTO "executions" VALUES(4,'needs_bad@open','needs_bad',1796033020042,'upstream_failed',2,1796033020044,'{"id":"needs_bad@open","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@open","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033020042,"due":1796033020042,"ready_at":1796033020042,"end_time":1796033020044,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@open","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796033035042 check needs_bad@open 1"}',NULL);
INSERT INTO "executions" VALUES(5,'fails@redriven','fails',1796033020182,'failed',2,1796033020206,'{"id":"fails@redriven","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@redriven","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796033020182,"due":1796033020182,"ready_at":1796033020182,"start_time":1796033020196,"end_time":1796033020206,"attempt":1,"failures":1,"claim":{"id":16427650384570981937,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050196,"since":1796033020196},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033020196,"end_time":1796033020206,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796033020182 start fails@redriven 1"}',NULL);
INSERT INTO "executions" VALUES(6,'needs_bad@redriven','needs_bad',1796033020207,'upstream_failed',2,1796033020235,'{"id":"needs_bad@redriven","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@redriven","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033020207,"due":1796033020207,"ready_at":1796033020207,"end_time":1796033020235,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@redriven","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796033035207 check needs_bad@redriven 1"}',NULL);
INSERT INTO "executions" VALUES(7,'fails@discarded','fails',1796033020302,'failed',2,1796033020308,'{"id":"fails@discarded","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@discarded","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796033020302,"due":1796033020302,"ready_at":1796033020302,"start_time":1796033020303,"end_time":1796033020308,"attempt":1,"failures":1,"claim":{"id":11630204352839458506,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050303,"since":1796033020303},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033020303,"end_time":1796033020308,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796033020302 start fails@discarded 1"}',NULL);
INSERT INTO "executions" VALUES(8,'needs_bad@discarded','needs_bad',1796033020308,'upstream_failed',2,1796033020309,'{"id":"needs_bad@discarded","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@discarded","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033020308,"due":1796033020308,"ready_at":1796033020308,"end_time":1796033020309,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@discarded","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796033035308 check needs_bad@discarded 1"}',NULL);
INSERT INTO "executions" VALUES(9,'fails@redriven~2','fails',1796033020416,'failed',2,1796033020423,'{"id":"fails@redriven~2","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@redriven~2","root":"fails","graph":1},"trigger":"rerun","priority":"normal","created_at":1796033020416,"due":1796033020416,"ready_at":1796033020416,"start_time":1796033020417,"end_time":1796033020423,"attempt":1,"failures":1,"claim":{"id":6756990867038494,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050417,"since":1796033020417},"reason":"exit code 3: broken","rerun_of":"fails@redriven","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033020417,"end_time":1796033020423,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796033020416 start fails@redriven~2 1"}',NULL);
INSERT INTO "executions" VALUES(10,'needs_bad@redriven~2','needs_bad',1796033020424,'upstream_failed',2,1796033020425,'{"id":"needs_bad@redriven~2","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@redriven~2","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033020424,"due":1796033020424,"ready_at":1796033020424,"end_time":1796033020425,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@redriven~2","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796033035424 check needs_bad@redriven~2 1"}',NULL);
INSERT INTO "executions" VALUES(11,'times_out@over','times_out',1796033020533,'timed_out',2,1796033021562,'{"id":"times_out@over","revision":2,"status":"timed_out","job_version":1,"run":{"id":"times_out@over","root":"times_out","graph":1},"trigger":"manual","priority":"normal","created_at":1796033020533,"due":1796033020533,"ready_at":1796033020533,"start_time":1796033020548,"end_time":1796033021562,"attempt":1,"failures":1,"claim":{"id":10931845026866995255,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033050548,"since":1796033020548},"reason":"attempt 1 took longer than 1s","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033020548,"end_time":1796033021562,"outcome":"timed_out","error":"attempt 1 took longer than 1s"}],"guard":"0 1796033020533 start times_out@over 1"}',NULL);
INSERT INTO "executions" VALUES(12,'flaky@again','flaky',1796033021600,'waiting',2,NULL,'{"id":"flaky@again","revision":2,"status":"waiting","job_version":1,"run":{"id":"flaky@again","root":"flaky","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021600,"due":1796033021600,"ready_at":1796034821643,"start_time":1796033021603,"attempt":1,"failures":1,"claim":{"id":13186180338124889737,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051603,"since":1796033021603},"reason":"exit code 1","attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033021603,"end_time":1796033021644,"outcome":"failed","error":"exit code 1"}],"guard":"0 1796034821643 start flaky@again 2"}',NULL);
INSERT INTO "executions" VALUES(13,'root@flow','root',1796033021708,'success',2,1796033021725,'{"id":"root@flow","revision":2,"status":"success","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021708,"due":1796033021708,"ready_at":1796033021708,"start_time":1796033021711,"end_time":1796033021725,"attempt":1,"claim":{"id":5196506696929573197,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051711,"since":1796033021711},"result":[1,2,3],"guard":"0 1796033021708 start root@flow 1"}',NULL);
INSERT INTO "executions" VALUES(14,'leaf@flow','leaf',1796033021738,'success',4,1796033021746,'{"id":"leaf@flow","revision":4,"status":"success","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033021738,"due":1796033021742,"ready_at":1796033021742,"start_time":1796033021743,"end_time":1796033021746,"attempt":1,"claim":{"id":8203869342674201669,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051743,"since":1796033021743},"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"guard":"0 1796033036738 check leaf@flow 1"}',NULL);
INSERT INTO "executions" VALUES(15,'each@flow','each',1796033021743,'waiting',5,NULL,'{"id":"each@flow","revision":5,"status":"waiting","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033021743,"due":1796033021745,"ready_at":1796033021745,"start_time":1796033021746,"attempt":1,"claim":{"id":15139185310126220286,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051746,"since":1796033021746},"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"elements":{"count":3,"created":true},"guard":"0 1796033036747 check each@flow 2"}',NULL);
INSERT INTO "executions" VALUES(16,'only_if_bad@flow','only_if_bad',1796033021746,'skipped',2,1796033021747,'{"id":"only_if_bad@flow","revision":2,"status":"skipped","job_version":0,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796033021746,"due":1796033021746,"ready_at":1796033021746,"end_time":1796033021747,"attempt":0,"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"reason":"dependency root succeeded","guard":"0 1796033036746 check only_if_bad@flow 1"}',NULL);
INSERT INTO "executions" VALUES(17,'each@flow,0','each',1796033021747,'running',1,NULL,'{"id":"each@flow,0","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796033021747,"due":1796033021747,"ready_at":1796033021747,"start_time":1796033021748,"attempt":1,"claim":{"id":17998538397570746071,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051748,"since":1796033021748},"guard":"0 1796033021747 start each@flow,0 1"}','{"input":1}');
INSERT INTO "executions" VALUES(18,'each@flow,1','each',1796033021747,'running',1,NULL,'{"id":"each@flow,1","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796033021747,"due":1796033021747,"ready_at":1796033021747,"start_time":1796033021748,"attempt":1,"claim":{"id":7441779954864464593,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051748,"since":1796033021748},"guard":"0 1796033021747 start each@flow,1 1"}','{"input":2}');
INSERT INTO "executions" VALUES(19,'each@flow,2','each',1796033021747,'running',1,NULL,'{"id":"each@flow,2","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796033021747,"due":1796033021747,"ready_at":1796033021747,"start_time":1796033021748,"attempt":1,"claim":{"id":5564369191367126991,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051748,"since":1796033021748},"guard":"0 1796033021747 start each@flow,2 1"}','{"input":3}');
INSERT INTO "executions" VALUES(20,'one_at_a_time@first','one_at_a_time',1796033021817,'running',1,NULL,'{"id":"one_at_a_time@first","revision":1,"status":"running","job_version":1,"run":{"id":"one_at_a_time@first","root":"one_at_a_time","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021817,"due":1796033021817,"ready_at":1796033021817,"start_time":1796033021819,"attempt":1,"claim":{"id":9291240537462767486,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051819,"since":1796033021819},"admission":{"gates":["one_at_a_time"],"holds":true},"guard":"0 1796033021817 start one_at_a_time@first 1"}',NULL);
INSERT INTO "executions" VALUES(21,'one_at_a_time@second','one_at_a_time',1796033021823,'waiting',1,NULL,'{"id":"one_at_a_time@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"one_at_a_time@second","root":"one_at_a_time","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021823,"due":1796033021823,"ready_at":1796033021823,"attempt":0,"reason":"waits for its turn: as many run as may","admission":{"gates":["one_at_a_time"],"place":{"gate":"one_at_a_time","rank":0,"due":1796033021823}},"guard":"0 1796033021823 start one_at_a_time@second 1"}',NULL);
INSERT INTO "executions" VALUES(22,'replacing@first','replacing',1796033021826,'cancelled',3,1796033021885,'{"id":"replacing@first","revision":3,"status":"cancelled","job_version":1,"run":{"id":"replacing@first","root":"replacing","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021826,"due":1796033021826,"ready_at":1796033021826,"start_time":1796033021827,"end_time":1796033021885,"attempt":1,"claim":{"id":3377749998070473197,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051827,"since":1796033021827},"cancel_requested":true,"reason":"replaced by replacing@second","admission":{"gates":["replacing"],"until_end":true},"attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033021827,"end_time":1796033021885,"outcome":"cancelled","error":"replaced by replacing@second"}],"guard":"0 1796033021826 start replacing@first 1"}',NULL);
INSERT INTO "executions" VALUES(23,'replacing@second','replacing',1796033021829,'running',2,NULL,'{"id":"replacing@second","revision":2,"status":"running","job_version":1,"run":{"id":"replacing@second","root":"replacing","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021829,"due":1796033021829,"ready_at":1796033021829,"start_time":1796033021886,"attempt":1,"claim":{"id":16127591383888985435,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051886,"since":1796033021886},"admission":{"gates":["replacing"],"holds":true,"until_end":true},"guard":"0 1796033021829 start replacing@second 1"}',NULL);
INSERT INTO "executions" VALUES(24,'keyed@a1','keyed',1796033021933,'running',1,NULL,'{"id":"keyed@a1","revision":1,"status":"running","job_version":1,"run":{"id":"keyed@a1","root":"keyed","graph":1},"trigger":"manual","priority":"normal","created_at":1796033021933,"due":1796033021933,"ready_at":1796033021933,"start_time":1796033021934,"attempt":1,"claim":{"id":9886635600249996881,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033051934,"since":1796033021934},"admission":{"gates":["keyed","keyed/a"],"holds":true},"guard":"0 1796033021933 start keyed@a1 1"}','{"input":{"customer":"a"}}');
INSERT INTO "executions" VALUES(25,'keyed@b1','keyed',1796033022036,'waiting',1,NULL,'{"id":"keyed@b1","revision":1,"status":"waiting","job_version":0,"run":{"id":"keyed@b1","root":"keyed","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022036,"due":1796033022036,"ready_at":1796033022036,"attempt":0,"reason":"waits for its turn: as many run as may","admission":{"gates":["keyed","keyed/b"],"place":{"gate":"keyed","rank":1,"due":1796033022036}},"guard":"0 1796033022036 start keyed@b1 1"}','{"input":{"customer":"b"}}');
INSERT INTO "executions" VALUES(26,'rated@first','rated',1796033022149,'success',2,1796033022195,'{"id":"rated@first","revision":2,"status":"success","job_version":1,"run":{"id":"rated@first","root":"rated","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022149,"due":1796033022149,"ready_at":1796033022149,"start_time":1796033022164,"end_time":1796033022195,"attempt":1,"claim":{"id":6901368037243956855,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033052163,"since":1796033022164},"admission":{"gates":["rated"]},"guard":"0 1796033022149 start rated@first 1"}',NULL);
INSERT INTO "executions" VALUES(27,'rated@second','rated',1796033022307,'waiting',1,NULL,'{"id":"rated@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"rated@second","root":"rated","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022307,"due":1796033022307,"ready_at":1796033022307,"attempt":0,"reason":"waits for its turn by the rate limit, which is not before 2026-11-30T10:23:42.164Z","admission":{"gates":["rated"],"place":{"gate":"rated","rank":0,"due":1796033022307}},"guard":"0 1796033022307 start rated@second 1"}',NULL);
INSERT INTO "executions" VALUES(28,'broken@first','broken',1796033022431,'failed',2,1796033022468,'{"id":"broken@first","revision":2,"status":"failed","job_version":1,"run":{"id":"broken@first","root":"broken","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022431,"due":1796033022431,"ready_at":1796033022431,"start_time":1796033022436,"end_time":1796033022468,"attempt":1,"failures":1,"claim":{"id":6133377808103188146,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033052435,"since":1796033022436},"reason":"exit code 3: broken","admission":{"gates":["broken"],"circuit":{"threshold":1,"open_for":"30m"}},"attempts":[{"number":1,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","start_time":1796033022436,"end_time":1796033022468,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796033022431 start broken@first 1"}',NULL);
INSERT INTO "executions" VALUES(29,'broken@second','broken',1796033022552,'waiting',1,NULL,'{"id":"broken@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"broken@second","root":"broken","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022552,"due":1796033022552,"ready_at":1796033022552,"attempt":0,"reason":"waits: the circuit is open until 2026-11-30T10:33:42.468Z","admission":{"gates":["broken"],"circuit":{"threshold":1,"open_for":"30m"},"place":{"gate":"broken","rank":0,"due":1796033022552}},"guard":"0 1796033022552 start broken@second 1"}',NULL);
INSERT INTO "executions" VALUES(30,'backfilled@2026-11-01T00:00:00Z','backfilled',1793491200000,'running',1,NULL,'{"id":"backfilled@2026-11-01T00:00:00Z","revision":1,"status":"running","job_version":1,"run":{"id":"backfilled@2026-11-01T00:00:00Z","graph":1},"trigger":"backfill","priority":"low","created_at":1796033022612,"due":1793491200000,"ready_at":1796033022612,"start_time":1796033022627,"attempt":1,"claim":{"id":13214922160648684732,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033052627,"since":1796033022627},"backfill":"01M8NYJ2KG4QQH68SYG3040AZJ","guard":"0 1796033022612 start backfilled@2026-11-01T00:00:00Z 1"}',NULL);
INSERT INTO "executions" VALUES(31,'backfilled@2026-11-02T00:00:00Z','backfilled',1793577600000,'running',1,NULL,'{"id":"backfilled@2026-11-02T00:00:00Z","revision":1,"status":"running","job_version":1,"run":{"id":"backfilled@2026-11-02T00:00:00Z","graph":1},"trigger":"backfill","priority":"low","created_at":1796033022612,"due":1793577600000,"ready_at":1796033022612,"start_time":1796033022624,"attempt":1,"claim":{"id":1100335204341616392,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033052624,"since":1796033022624},"backfill":"01M8NYJ2KG4QQH68SYG3040AZJ","guard":"0 1796033022612 start backfilled@2026-11-02T00:00:00Z 1"}',NULL);
INSERT INTO "executions" VALUES(32,'pushed@2026-11-30T07:13:00Z','pushed',1796034822696,'waiting',0,NULL,'{"id":"pushed@2026-11-30T07:13:00Z","revision":0,"status":"waiting","job_version":0,"run":{"id":"pushed@2026-11-30T07:13:00Z","graph":0},"trigger":"push","priority":"normal","created_at":1796033022696,"due":1796034822696,"ready_at":1796034822696,"attempt":0,"guard":"0 1796034822696 start pushed@2026-11-30T07:13:00Z 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(33,'pushed@delayed','pushed',1796034822720,'waiting',0,NULL,'{"id":"pushed@delayed","revision":0,"status":"waiting","job_version":0,"run":{"id":"pushed@delayed","graph":0},"trigger":"push","priority":"normal","created_at":1796033022720,"due":1796034822720,"ready_at":1796034822720,"attempt":0,"guard":"0 1796034822720 start pushed@delayed 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"},"input":{"of":"an order"}}');
INSERT INTO "executions" VALUES(34,'pushed@running','pushed',1796033022772,'running',1,NULL,'{"id":"pushed@running","revision":1,"status":"running","job_version":0,"run":{"id":"pushed@running","graph":0},"trigger":"push","priority":"high","created_at":1796033022772,"due":1796033022772,"ready_at":1796033022772,"start_time":1796033022772,"attempt":1,"claim":{"id":4558137278733221612,"worker_id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","lease_until":1796033052772,"since":1796033022772},"guard":"0 1796033022772 start pushed@running 1"}','{"work":{"target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(35,'pushed@cancelled','pushed',1796034822807,'cancelled',1,1796033022811,'{"id":"pushed@cancelled","revision":1,"status":"cancelled","job_version":0,"run":{"id":"pushed@cancelled","graph":0},"trigger":"push","priority":"normal","created_at":1796033022807,"due":1796034822807,"ready_at":1796034822807,"end_time":1796033022811,"attempt":0,"reason":"enough","guard":"0 1796034822807 start pushed@cancelled 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(36,'unserved@queued','unserved',1796033022815,'queued',0,NULL,'{"id":"unserved@queued","revision":0,"status":"queued","job_version":0,"run":{"id":"unserved@queued","root":"unserved","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022815,"due":1796033022815,"ready_at":1796033022815,"attempt":0,"guard":"0 1796033022815 start unserved@queued 1"}',NULL);
INSERT INTO "executions" VALUES(37,'outside@leased','outside',1796033022823,'running',1,NULL,'{"id":"outside@leased","revision":1,"status":"running","job_version":1,"run":{"id":"outside@leased","root":"outside","graph":1},"trigger":"manual","priority":"normal","created_at":1796033022823,"due":1796033022823,"ready_at":1796033022823,"start_time":1796033022841,"attempt":1,"claim":{"id":3963786000370392207,"worker_id":"outsider","lease_until":1796033082841,"since":1796033022841,"holder":"remote"},"guard":"0 1796033022823 start outside@leased 1"}',NULL);
CREATE TABLE gates (
    gate TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "gates" VALUES('broken',406974932562542166,'{"revision":406974932562542166,"circuit":{"state":"open","until":1796034822468,"failures":1},"rank":0}');
INSERT INTO "gates" VALUES('keyed',2867062870909535227,'{"revision":2867062870909535227,"holders":["keyed@a1"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('keyed/b',4631710126322460298,'{"revision":4631710126322460298,"circuit":{"state":"closed","failures":0},"rank":1}');
INSERT INTO "gates" VALUES('one_at_a_time',6722248253601928518,'{"revision":6722248253601928518,"holders":["one_at_a_time@first"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('rated',12166465407882325,'{"revision":12166465407882325,"next_start":1796034222164,"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('replacing',7960687083730114138,'{"revision":7960687083730114138,"holders":["replacing@second"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('upstream',2522810289548162657,'{"revision":2522810289548162657,"holders":["upstream@2026-11-30T10:03:40Z"],"circuit":{"state":"closed","failures":0},"rank":0}');
CREATE TABLE jobs (
    job_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    doc TEXT NOT NULL,
    PRIMARY KEY (job_id, version)
) WITHOUT ROWID;
INSERT INTO "jobs" VALUES('backfilled',1,1,NULL,'{"spec":{"job_id":"backfilled","schedule":"@daily","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('broken',1,1,NULL,'{"spec":{"job_id":"broken","target":{"type":"command","command":"echo broken >&2; exit 3"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest","circuit":{"threshold":1,"open_for":"30m"}},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('deadline',1,1,NULL,'{"spec":{"job_id":"deadline","schedule":"0 0 1 1 *","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","must_finish_by":"2h","misfire":"skip"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('downstream',1,1,NULL,'{"spec":{"job_id":"downstream","schedule":"*/10 * * * * *","end":"2026-11-30T10:04:02Z","target":{"type":"command","command":"echo done"},"dependencies":["upstream"],"trigger_rule":"all_done","dependency_timeout":"7d","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('each',1,1,NULL,'{"spec":{"job_id":"each","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"dependencies":["root"],"trigger_rule":"all_success","for_each":{"$result":"root"},"priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('fails',1,1,NULL,'{"spec":{"job_id":"fails","target":{"type":"command","command":"echo broken >&2; exit 3"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('flaky',1,1,NULL,'{"spec":{"job_id":"flaky","target":{"type":"command","command":"test \"$BELFRY_ATTEMPT\" -gt 1"},"trigger_rule":"all_success","priority":"normal","max_retries":2,"retry":{"max_retries":3,"backoff":"fixed","base":"30m","cap":"1h","jitter":"none","max_lost":3},"misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('hourly',1,1,NULL,'{"spec":{"job_id":"hourly","schedule":"0 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","tags":{"team":"data"}},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('hourly_skip',1,1,NULL,'{"spec":{"job_id":"hourly_skip","schedule":"0 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('interval',1,1,NULL,'{"spec":{"job_id":"interval","schedule":"@every 90s","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('joined',1,1,NULL,'{"spec":{"job_id":"joined","target":{"type":"command","command":"echo done"},"dependencies":["each"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('keyed',1,1,NULL,'{"spec":{"job_id":"keyed","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","max_concurrency":1,"concurrency_key":"input.customer"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('leaf',1,1,NULL,'{"spec":{"job_id":"leaf","target":{"type":"command","command":"echo done"},"input":{"from":{"$result":"root"}},"dependencies":["root"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('needs_bad',1,1,NULL,'{"spec":{"job_id":"needs_bad","target":{"type":"command","command":"echo done"},"dependencies":["fails"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('once_far',1,1,NULL,'{"spec":{"job_id":"once_far","run_at":"2099-12-24T18:00:00Z","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('once_soon',1,1,NULL,'{"spec":{"job_id":"once_soon","run_at":"2026-11-30T10:33:37Z","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('one_at_a_time',1,1,NULL,'{"spec":{"job_id":"one_at_a_time","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","max_concurrency":1},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('only_if_bad',1,1,NULL,'{"spec":{"job_id":"only_if_bad","target":{"type":"command","command":"echo done"},"dependencies":["root"],"trigger_rule":"all_failed","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('outside',1,1,NULL,'{"spec":{"job_id":"outside","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest","pool":"outside"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('paused',1,1,NULL,'{"spec":{"job_id":"paused","schedule":"*/5 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293,"paused_at":1796033017293}');
INSERT INTO "jobs" VALUES('rated',1,1,NULL,'{"spec":{"job_id":"rated","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","rate_limit":{"starts":1,"per":"20m"}},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('replacing',1,1,NULL,'{"spec":{"job_id":"replacing","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","concurrency":"replace"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('root',1,1,NULL,'{"spec":{"job_id":"root","target":{"type":"command","command":"echo ''[1, 2, 3]'' > \"$BELFRY_RESULT\""},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('times_out',1,1,NULL,'{"spec":{"job_id":"times_out","target":{"type":"command","command":"sleep 60"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"timeout":"1s","misfire":"latest"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('unserved',1,1,NULL,'{"spec":{"job_id":"unserved","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","pool":"unserved"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('upstream',1,1,NULL,'{"spec":{"job_id":"upstream","schedule":"*/10 * * * * *","end":"2026-11-30T10:04:02Z","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","concurrency":"forbid"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
INSERT INTO "jobs" VALUES('vancouver',1,1,NULL,'{"spec":{"job_id":"vancouver","schedule":"0 9 * * *","timezone":"America/Vancouver","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796033017293,"updated_at":1796033017293}');
CREATE TABLE leases (
    lane INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    until INTEGER NOT NULL
);
INSERT INTO "leases" VALUES(0,'belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB',1,1796033027292);
CREATE TABLE lines (
    gate TEXT NOT NULL,
    place TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (gate, place, execution_id)
) WITHOUT ROWID;
INSERT INTO "lines" VALUES('broken','000000000000 001796033022552','broken@second','{"gate":"broken","rank":0,"due":1796033022552}');
INSERT INTO "lines" VALUES('keyed','000000000001 001796033022036','keyed@b1','{"gate":"keyed","rank":1,"due":1796033022036}');
INSERT INTO "lines" VALUES('one_at_a_time','000000000000 001796033021823','one_at_a_time@second','{"gate":"one_at_a_time","rank":0,"due":1796033021823}');
INSERT INTO "lines" VALUES('rated','000000000000 001796033022307','rated@second','{"gate":"rated","rank":0,"due":1796033022307}');
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('graph_revision',1);
CREATE TABLE outputs (
    execution_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (execution_id, attempt)
) WITHOUT ROWID;
INSERT INTO "outputs" VALUES('broken@first',1,'{"attempt":1,"tail":"broken\n","bytes":7}');
INSERT INTO "outputs" VALUES('fails@discarded',1,'{"attempt":1,"tail":"broken\n","bytes":7}');
INSERT INTO "outputs" VALUES('fails@open',1,'{"attempt":1,"tail":"broken\n","bytes":7}');
INSERT INTO "outputs" VALUES('fails@redriven',1,'{"attempt":1,"tail":"broken\n","bytes":7}');
INSERT INTO "outputs" VALUES('fails@redriven~2',1,'{"attempt":1,"tail":"broken\n","bytes":7}');
INSERT INTO "outputs" VALUES('leaf@flow',1,'{"attempt":1,"tail":"done\n","bytes":5}');
INSERT INTO "outputs" VALUES('rated@first',1,'{"attempt":1,"tail":"done\n","bytes":5}');
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    raw TEXT NOT NULL
);
CREATE TABLE timers (
    shard INTEGER NOT NULL,
    fire_at INTEGER NOT NULL,
    what TEXT NOT NULL,
    version INTEGER NOT NULL,
    checks INTEGER NOT NULL,
    PRIMARY KEY (shard, fire_at, what)
) WITHOUT ROWID;
INSERT INTO "timers" VALUES(0,1796033012576,'backfill 01M8NYJ2KG4QQH68SYG3040AZJ',0,0);
INSERT INTO "timers" VALUES(0,1796033020000,'slot downstream@2026-11-30T10:03:40Z',1,0);
INSERT INTO "timers" VALUES(0,1796033020000,'slot upstream@2026-11-30T10:03:40Z',1,0);
INSERT INTO "timers" VALUES(0,1796033021747,'start each@flow,0 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021747,'start each@flow,1 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021747,'start each@flow,2 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021817,'start one_at_a_time@first 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021823,'start one_at_a_time@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021829,'start replacing@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796033021933,'start keyed@a1 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022036,'start keyed@b1 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022307,'start rated@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022552,'start broken@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022612,'start backfilled@2026-11-01T00:00:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022612,'start backfilled@2026-11-02T00:00:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022772,'start pushed@running 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022815,'start unserved@queued 1',0,0);
INSERT INTO "timers" VALUES(0,1796033022823,'start outside@leased 1',0,0);
INSERT INTO "timers" VALUES(0,1796033030000,'slot downstream@2026-11-30T10:03:50Z',1,0);
INSERT INTO "timers" VALUES(0,1796033030000,'slot upstream@2026-11-30T10:03:50Z',1,0);
INSERT INTO "timers" VALUES(0,1796033036747,'check each@flow 2',0,0);
INSERT INTO "timers" VALUES(0,1796033070000,'slot interval@2026-11-30T10:04:30Z',1,0);
INSERT INTO "timers" VALUES(0,1796034222164,'start rated@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796034817000,'slot once_soon@2026-11-30T10:33:37Z',1,0);
INSERT INTO "timers" VALUES(0,1796034821643,'start flaky@again 2',0,0);
INSERT INTO "timers" VALUES(0,1796034822468,'start broken@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796034822696,'start pushed@2026-11-30T07:13:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796034822720,'start pushed@delayed 1',0,0);
INSERT INTO "timers" VALUES(0,1796036400000,'slot hourly@2026-11-30T11:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796036400000,'slot hourly_skip@2026-11-30T11:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796058000000,'slot vancouver@2026-11-30T17:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796083200000,'slot backfilled@2026-12-01T00:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1798761600000,'slot deadline@2027-01-01T00:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,4101818400000,'slot once_far@2099-12-24T18:00:00Z',1,0);
CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "tokens" VALUES('ci','11CBeTq7KJZRvHPYoBmoBQ7fbINBVcol76nfVxkWQUY',1796033017115);
CREATE TABLE waiters (
    dependency TEXT NOT NULL,
    waiter TEXT NOT NULL,
    PRIMARY KEY (dependency, waiter)
) WITHOUT ROWID;
INSERT INTO "waiters" VALUES('upstream@2026-11-30T10:03:40Z','downstream@2026-11-30T10:03:40Z');
INSERT INTO "waiters" VALUES('each@flow,0','each@flow');
CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "workers" VALUES('belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB',1796033017291,1796033317291,0,'{"id":"belfry-01M8NYHXDVT3RW37ZQ9P1HPCWB","kind":"daemon","version":"0.1.0","seen_at":1796033017291,"pools":{"command":{"capacity":64,"running":0},"default":{"capacity":1000,"running":0}}}');
INSERT INTO "workers" VALUES('outsider',1796033022835,1796033322835,1,'{"id":"outsider","kind":"http","version":null,"seen_at":1796033022835,"pools":{"outside":{"capacity":1,"running":0}},"labels":{"zone":"a"}}');
CREATE INDEX jobs_newest ON jobs (job_id) WHERE until IS NULL;
CREATE INDEX executions_of_job ON executions (job_id, due);
CREATE INDEX timers_of_slots ON timers (what) WHERE what >= 'slot ' AND what < 'slot!';
CREATE INDEX dead_letters_open ON dead_letters (at, execution_id) WHERE state = 'open';
CREATE INDEX waiters_by_waiter ON waiters (waiter);
CREATE INDEX executions_unsuccessful ON executions (status, due)
    WHERE status = 'failed' OR status = 'timed_out' OR status = 'cancelled' OR status = 'upstream_failed'
        OR status = 'skipped';
COMMIT;
PRAGMA user_version = 7;
