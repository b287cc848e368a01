BEGIN TRANSACTION;
CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "alerts" VALUES('circuit_opened/broken',1,'{"key":"circuit_opened/broken","kind":"circuit_opened","summary":"broken keeps failing: its circuit breaker is open until 2026-11-30T10:26:46.572Z","job_id":"broken","opened_at":1796032606575,"last_at":1796032606575,"is_closing":false,"heard":{},"tries":0,"next_try_at":1796032606575,"revision":1}');
INSERT INTO "alerts" VALUES('dead_letter/broken',1,'{"key":"dead_letter/broken","kind":"dead_letter","summary":"broken@first failed for good: exit code 3: broken","job_id":"broken","execution_id":"broken@first","opened_at":1796032606575,"last_at":1796032606575,"is_closing":false,"heard":{},"tries":0,"next_try_at":1796032606575,"revision":1}');
INSERT INTO "alerts" VALUES('dead_letter/fails',2,'{"key":"dead_letter/fails","kind":"dead_letter","summary":"fails@open failed for good: exit code 3: broken","job_id":"fails","execution_id":"fails@open","opened_at":1796032600580,"last_at":1796032600580,"is_closing":false,"heard":{},"tries":1,"next_try_at":1796032631367,"revision":2}');
INSERT INTO "alerts" VALUES('dead_letter/times_out',2,'{"key":"dead_letter/times_out","kind":"dead_letter","summary":"times_out@over failed for good: attempt 1 took longer than 1s","job_id":"times_out","execution_id":"times_out@over","opened_at":1796032604083,"last_at":1796032604083,"is_closing":false,"heard":{},"tries":1,"next_try_at":1796032634374,"revision":2}');
CREATE TABLE backfills (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    ended_at INTEGER,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "backfills" VALUES('01M8NY5CKHGCB1SSZQ9P62S1D1','backfilled',1,NULL,'{"id":"01M8NY5CKHGCB1SSZQ9P62S1D1","revision":1,"job_id":"backfilled","job_version":1,"status":"running","range":{"from":1793491200000,"to":1793923200000,"order":"oldest_first"},"concurrency":2,"slots":5,"created_at":1796032606833,"next":1793664000000,"open":["backfilled@2026-11-01T00:00:00Z","backfilled@2026-11-02T00:00:00Z"],"tally":{"existing":0,"succeeded":0,"failed":0,"not_run":0}}');
CREATE TABLE cursors (shard INTEGER PRIMARY KEY, cursor INTEGER NOT NULL);
INSERT INTO "cursors" VALUES(0,1796032609428);
CREATE TABLE dead_letters (
    execution_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- open, redriven or discarded
    state TEXT NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "dead_letters" VALUES('broken@first','broken',1796032606572,'open','{"execution_id":"broken@first","job_id":"broken","reason":"exit code 3: broken","at":1796032606572,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@discarded','fails',1796032601155,'discarded','{"execution_id":"fails@discarded","job_id":"fails","reason":"exit code 3: broken","at":1796032601155,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@open','fails',1796032600504,'open','{"execution_id":"fails@open","job_id":"fails","reason":"exit code 3: broken","at":1796032600504,"attempts":1}');
INSERT INTO "dead_letters" VALUES('fails@redriven','fails',1796032600839,'redriven','{"execution_id":"fails@redriven","job_id":"fails","reason":"exit code 3: broken","at":1796032600839,"attempts":1,"redriven_as":"fails@redriven~2"}');
INSERT INTO "dead_letters" VALUES('fails@redriven~2','fails',1796032601659,'open','{"execution_id":"fails@redriven~2","job_id":"fails","reason":"exit code 3: broken","at":1796032601659,"attempts":1}');
INSERT INTO "dead_letters" VALUES('times_out@over','times_out',1796032604069,'open','{"execution_id":"times_out@over","job_id":"times_out","reason":"attempt 1 took longer than 1s","at":1796032604069,"attempts":1}');
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
INSERT INTO "executions" VALUES(1,'downstream@2026-11-30T09:56:40Z','downstream',1796032600000,'waiting',0,NULL,'{"id":"downstream@2026-11-30T09:56:40Z","revision":0,"status":"waiting","job_version":0,"run":{"id":"downstream@2026-11-30T09:56:40Z","graph":1},"trigger":"schedule","priority":"normal","created_at":1796032600045,"due":1796032600000,"ready_at":1796032600000,"attempt":0,"dependencies":{"upstream":{"execution_id":"upstream@2026-11-30T09:56:40Z"}},"guard":"0 1796032600000 slot downstream@2026-11-30T09:56:40Z"}',NULL);
INSERT INTO "executions" VALUES(2,'upstream@2026-11-30T09:56:40Z','upstream',1796032600000,'running',2,NULL,'{"id":"upstream@2026-11-30T09:56:40Z","revision":2,"status":"running","job_version":1,"run":{"id":"upstream@2026-11-30T09:56:40Z","graph":1},"trigger":"schedule","priority":"normal","created_at":1796032600045,"due":1796032600000,"ready_at":1796032600000,"start_time":1796032600407,"attempt":1,"claim":{"id":17691027419605858235,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032635427,"since":1796032600407},"admission":{"gates":["upstream"],"holds":true,"until_end":true},"guard":"0 1796032600000 slot upstream@2026-11-30T09:56:40Z"}',NULL);
INSERT INTO "executions" VALUES(3,'fails@open','fails',1796032600408,'failed',2,1796032600504,'{"id":"fails@open","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@open","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796032600408,"due":1796032600408,"ready_at":1796032600408,"start_time":1796032600409,"end_time":1796032600504,"attempt":1,"failures":1,"claim":{"id":16074182837290103266,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032630409,"since":1796032600409},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032600409,"end_time":1796032600504,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796032600408 start fails@open 1"}',NULL);
INSERT INTO "executions" VALUES(4,'needs_bad@open','needs_bad',1796032600514,'upstream_failed',2,1796032600559,'{"id":"needs_bad@open","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@open","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032600514,"due":1796032600514,"ready_at":1796032600514,"end_time":1796032600559,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@open","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796032615514 check needs_bad@open 1"}',NULL);
INSERT INTO "executions" VALUES(5,'fails@redriven','fails',1796032600712,'failed',2,1796032600839,'{"id":"fails@redriven","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@redriven","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796032600712,"due":1796032600712,"ready_at":1796032600712,"start_time":1796032600724,"end_time":1796032600839,"attempt":1,"failures":1,"claim":{"id":3575072075352778604,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032630724,"since":1796032600724},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032600724,"end_time":1796032600839,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796032600712 start fails@redriven 1"}',NULL);
INSERT INTO "executions" VALUES(6,'needs_bad@redriven','needs_bad',1796032600869,'upstream_failed',2,1796032600951,'{"id":"needs_bad@redriven","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@redriven","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032600869,"due":1796032600869,"ready_at":1796032600869,"end_time":1796032600951,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@redriven","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796032615869 check needs_bad@redriven 1"}',NULL);
INSERT INTO "executions" VALUES(7,'fails@discarded','fails',1796032600952,'failed',2,1796032601155,'{"id":"fails@discarded","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@discarded","root":"fails","graph":1},"trigger":"manual","priority":"normal","created_at":1796032600952,"due":1796032600952,"ready_at":1796032600952,"start_time":1796032600988,"end_time":1796032601155,"attempt":1,"failures":1,"claim":{"id":1058180877388928716,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032630988,"since":1796032600988},"reason":"exit code 3: broken","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032600988,"end_time":1796032601155,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796032600952 start fails@discarded 1"}',NULL);
INSERT INTO "executions" VALUES(8,'needs_bad@discarded','needs_bad',1796032601160,'upstream_failed',2,1796032601231,'{"id":"needs_bad@discarded","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@discarded","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032601160,"due":1796032601160,"ready_at":1796032601160,"end_time":1796032601231,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@discarded","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796032616160 check needs_bad@discarded 1"}',NULL);
INSERT INTO "executions" VALUES(9,'fails@redriven~2','fails',1796032601535,'failed',2,1796032601659,'{"id":"fails@redriven~2","revision":2,"status":"failed","job_version":1,"run":{"id":"fails@redriven~2","root":"fails","graph":1},"trigger":"rerun","priority":"normal","created_at":1796032601535,"due":1796032601535,"ready_at":1796032601535,"start_time":1796032601551,"end_time":1796032601659,"attempt":1,"failures":1,"claim":{"id":624540212314446349,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032631551,"since":1796032601551},"reason":"exit code 3: broken","rerun_of":"fails@redriven","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032601551,"end_time":1796032601659,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796032601535 start fails@redriven~2 1"}',NULL);
INSERT INTO "executions" VALUES(10,'needs_bad@redriven~2','needs_bad',1796032601676,'upstream_failed',2,1796032601691,'{"id":"needs_bad@redriven~2","revision":2,"status":"upstream_failed","job_version":0,"run":{"id":"fails@redriven~2","root":"fails","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032601676,"due":1796032601676,"ready_at":1796032601676,"end_time":1796032601691,"attempt":0,"dependencies":{"fails":{"execution_id":"fails@redriven~2","outcome":"failed"}},"reason":"dependency fails failed","guard":"0 1796032616676 check needs_bad@redriven~2 1"}',NULL);
INSERT INTO "executions" VALUES(11,'times_out@over','times_out',1796032601832,'timed_out',2,1796032604069,'{"id":"times_out@over","revision":2,"status":"timed_out","job_version":1,"run":{"id":"times_out@over","root":"times_out","graph":1},"trigger":"manual","priority":"normal","created_at":1796032601832,"due":1796032601832,"ready_at":1796032601832,"start_time":1796032601876,"end_time":1796032604069,"attempt":1,"failures":1,"claim":{"id":8972914786492741543,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032631876,"since":1796032601876},"reason":"attempt 1 took longer than 1s","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032601876,"end_time":1796032604069,"outcome":"timed_out","error":"attempt 1 took longer than 1s"}],"guard":"0 1796032601832 start times_out@over 1"}',NULL);
INSERT INTO "executions" VALUES(12,'flaky@again','flaky',1796032604167,'waiting',2,NULL,'{"id":"flaky@again","revision":2,"status":"waiting","job_version":1,"run":{"id":"flaky@again","root":"flaky","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604167,"due":1796032604167,"ready_at":1796034404207,"start_time":1796032604191,"attempt":1,"failures":1,"claim":{"id":10648850723499688861,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634191,"since":1796032604191},"reason":"exit code 1","attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032604191,"end_time":1796032604243,"outcome":"failed","error":"exit code 1"}],"guard":"0 1796034404207 start flaky@again 2"}',NULL);
INSERT INTO "executions" VALUES(13,'root@flow','root',1796032604344,'success',2,1796032604393,'{"id":"root@flow","revision":2,"status":"success","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604344,"due":1796032604344,"ready_at":1796032604344,"start_time":1796032604367,"end_time":1796032604393,"attempt":1,"claim":{"id":15179609372931089392,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634367,"since":1796032604367},"result":[1,2,3],"guard":"0 1796032604344 start root@flow 1"}',NULL);
INSERT INTO "executions" VALUES(14,'leaf@flow','leaf',1796032604415,'success',4,1796032604512,'{"id":"leaf@flow","revision":4,"status":"success","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032604415,"due":1796032604440,"ready_at":1796032604440,"start_time":1796032604440,"end_time":1796032604512,"attempt":1,"claim":{"id":13528575643789516902,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634440,"since":1796032604440},"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"guard":"0 1796032619415 check leaf@flow 1"}',NULL);
INSERT INTO "executions" VALUES(15,'each@flow','each',1796032604447,'waiting',5,NULL,'{"id":"each@flow","revision":5,"status":"waiting","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032604447,"due":1796032604503,"ready_at":1796032604503,"start_time":1796032604505,"attempt":1,"claim":{"id":15497393621582962254,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634505,"since":1796032604505},"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"elements":{"count":3,"created":true},"guard":"0 1796032619513 check each@flow 2"}',NULL);
INSERT INTO "executions" VALUES(16,'only_if_bad@flow','only_if_bad',1796032604506,'skipped',2,1796032604513,'{"id":"only_if_bad@flow","revision":2,"status":"skipped","job_version":0,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"dependency","priority":"normal","created_at":1796032604506,"due":1796032604506,"ready_at":1796032604506,"end_time":1796032604513,"attempt":0,"dependencies":{"root":{"execution_id":"root@flow","outcome":"success"}},"reason":"dependency root succeeded","guard":"0 1796032619506 check only_if_bad@flow 1"}',NULL);
INSERT INTO "executions" VALUES(17,'each@flow,0','each',1796032604513,'running',1,NULL,'{"id":"each@flow,0","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796032604513,"due":1796032604513,"ready_at":1796032604513,"start_time":1796032604519,"attempt":1,"claim":{"id":1231337488239949200,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634519,"since":1796032604519},"guard":"0 1796032604513 start each@flow,0 1"}','{"input":1}');
INSERT INTO "executions" VALUES(18,'each@flow,1','each',1796032604513,'running',1,NULL,'{"id":"each@flow,1","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796032604513,"due":1796032604513,"ready_at":1796032604513,"start_time":1796032604519,"attempt":1,"claim":{"id":1385085644760305042,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634519,"since":1796032604519},"guard":"0 1796032604513 start each@flow,1 1"}','{"input":2}');
INSERT INTO "executions" VALUES(19,'each@flow,2','each',1796032604513,'running',1,NULL,'{"id":"each@flow,2","revision":1,"status":"running","job_version":1,"run":{"id":"root@flow","root":"root","graph":1},"trigger":"element","priority":"normal","created_at":1796032604513,"due":1796032604513,"ready_at":1796032604513,"start_time":1796032604515,"attempt":1,"claim":{"id":4908756485377544554,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634515,"since":1796032604515},"guard":"0 1796032604513 start each@flow,2 1"}','{"input":3}');
INSERT INTO "executions" VALUES(20,'one_at_a_time@first','one_at_a_time',1796032604652,'running',1,NULL,'{"id":"one_at_a_time@first","revision":1,"status":"running","job_version":1,"run":{"id":"one_at_a_time@first","root":"one_at_a_time","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604652,"due":1796032604652,"ready_at":1796032604652,"start_time":1796032604679,"attempt":1,"claim":{"id":16746946864695437463,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634671,"since":1796032604679},"admission":{"gates":["one_at_a_time"],"holds":true},"guard":"0 1796032604652 start one_at_a_time@first 1"}',NULL);
INSERT INTO "executions" VALUES(21,'one_at_a_time@second','one_at_a_time',1796032604800,'waiting',1,NULL,'{"id":"one_at_a_time@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"one_at_a_time@second","root":"one_at_a_time","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604800,"due":1796032604800,"ready_at":1796032604800,"attempt":0,"reason":"waits for its turn: as many run as may","admission":{"gates":["one_at_a_time"],"place":{"gate":"one_at_a_time","rank":0,"due":1796032604800}},"guard":"0 1796032604800 start one_at_a_time@second 1"}',NULL);
INSERT INTO "executions" VALUES(22,'replacing@first','replacing',1796032604919,'cancelled',3,1796032606077,'{"id":"replacing@first","revision":3,"status":"cancelled","job_version":1,"run":{"id":"replacing@first","root":"replacing","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604919,"due":1796032604919,"ready_at":1796032604919,"start_time":1796032604923,"end_time":1796032606077,"attempt":1,"claim":{"id":11044775724688473165,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032634923,"since":1796032604923},"cancel_requested":true,"reason":"replaced by replacing@second","admission":{"gates":["replacing"],"until_end":true},"attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032604923,"end_time":1796032606077,"outcome":"cancelled","error":"replaced by replacing@second"}],"guard":"0 1796032604919 start replacing@first 1"}',NULL);
INSERT INTO "executions" VALUES(23,'replacing@second','replacing',1796032604928,'running',2,NULL,'{"id":"replacing@second","revision":2,"status":"running","job_version":1,"run":{"id":"replacing@second","root":"replacing","graph":1},"trigger":"manual","priority":"normal","created_at":1796032604928,"due":1796032604928,"ready_at":1796032604928,"start_time":1796032606099,"attempt":1,"claim":{"id":5603779304139363902,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636086,"since":1796032606099},"admission":{"gates":["replacing"],"holds":true,"until_end":true},"guard":"0 1796032604928 start replacing@second 1"}',NULL);
INSERT INTO "executions" VALUES(24,'keyed@a1','keyed',1796032606127,'running',1,NULL,'{"id":"keyed@a1","revision":1,"status":"running","job_version":1,"run":{"id":"keyed@a1","root":"keyed","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606127,"due":1796032606127,"ready_at":1796032606127,"start_time":1796032606136,"attempt":1,"claim":{"id":8246281625753563405,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636135,"since":1796032606136},"admission":{"gates":["keyed","keyed/a"],"holds":true},"guard":"0 1796032606127 start keyed@a1 1"}','{"input":{"customer":"a"}}');
INSERT INTO "executions" VALUES(25,'keyed@b1','keyed',1796032606275,'waiting',1,NULL,'{"id":"keyed@b1","revision":1,"status":"waiting","job_version":0,"run":{"id":"keyed@b1","root":"keyed","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606275,"due":1796032606275,"ready_at":1796032606275,"attempt":0,"reason":"waits for its turn: as many run as may","admission":{"gates":["keyed","keyed/b"],"place":{"gate":"keyed","rank":1,"due":1796032606275}},"guard":"0 1796032606275 start keyed@b1 1"}','{"input":{"customer":"b"}}');
INSERT INTO "executions" VALUES(26,'rated@first','rated',1796032606430,'success',2,1796032606447,'{"id":"rated@first","revision":2,"status":"success","job_version":1,"run":{"id":"rated@first","root":"rated","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606430,"due":1796032606430,"ready_at":1796032606430,"start_time":1796032606438,"end_time":1796032606447,"attempt":1,"claim":{"id":10488765302127471230,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636437,"since":1796032606438},"admission":{"gates":["rated"]},"guard":"0 1796032606430 start rated@first 1"}',NULL);
INSERT INTO "executions" VALUES(27,'rated@second','rated',1796032606566,'waiting',1,NULL,'{"id":"rated@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"rated@second","root":"rated","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606566,"due":1796032606566,"ready_at":1796032606566,"attempt":0,"reason":"waits for its turn by the rate limit, which is not before 2026-11-30T10:16:46.438Z","admission":{"gates":["rated"],"place":{"gate":"rated","rank":0,"due":1796032606566}},"guard":"0 1796032606566 start rated@second 1"}',NULL);
INSERT INTO "executions" VALUES(28,'broken@first','broken',1796032606568,'failed',2,1796032606572,'{"id":"broken@first","revision":2,"status":"failed","job_version":1,"run":{"id":"broken@first","root":"broken","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606568,"due":1796032606568,"ready_at":1796032606568,"start_time":1796032606569,"end_time":1796032606572,"attempt":1,"failures":1,"claim":{"id":18343253281814671667,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636569,"since":1796032606569},"reason":"exit code 3: broken","admission":{"gates":["broken"],"circuit":{"threshold":1,"open_for":"30m"}},"attempts":[{"number":1,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","start_time":1796032606569,"end_time":1796032606572,"outcome":"failed","error":"exit code 3: broken"}],"guard":"0 1796032606568 start broken@first 1"}',NULL);
INSERT INTO "executions" VALUES(29,'broken@second','broken',1796032606708,'waiting',1,NULL,'{"id":"broken@second","revision":1,"status":"waiting","job_version":0,"run":{"id":"broken@second","root":"broken","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606708,"due":1796032606708,"ready_at":1796032606708,"attempt":0,"reason":"waits: the circuit is open until 2026-11-30T10:26:46.572Z","admission":{"gates":["broken"],"circuit":{"threshold":1,"open_for":"30m"},"place":{"gate":"broken","rank":0,"due":1796032606708}},"guard":"0 1796032606708 start broken@second 1"}',NULL);
INSERT INTO "executions" VALUES(30,'backfilled@2026-11-01T00:00:00Z','backfilled',1793491200000,'running',1,NULL,'{"id":"backfilled@2026-11-01T00:00:00Z","revision":1,"status":"running","job_version":1,"run":{"id":"backfilled@2026-11-01T00:00:00Z","graph":1},"trigger":"backfill","priority":"low","created_at":1796032606839,"due":1793491200000,"ready_at":1796032606839,"start_time":1796032606840,"attempt":1,"claim":{"id":4478031062016807359,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636840,"since":1796032606840},"backfill":"01M8NY5CKHGCB1SSZQ9P62S1D1","guard":"0 1796032606839 start backfilled@2026-11-01T00:00:00Z 1"}',NULL);
INSERT INTO "executions" VALUES(31,'backfilled@2026-11-02T00:00:00Z','backfilled',1793577600000,'running',1,NULL,'{"id":"backfilled@2026-11-02T00:00:00Z","revision":1,"status":"running","job_version":1,"run":{"id":"backfilled@2026-11-02T00:00:00Z","graph":1},"trigger":"backfill","priority":"low","created_at":1796032606839,"due":1793577600000,"ready_at":1796032606839,"start_time":1796032606840,"attempt":1,"claim":{"id":13135788389225652762,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636840,"since":1796032606840},"backfill":"01M8NY5CKHGCB1SSZQ9P62S1D1","guard":"0 1796032606839 start backfilled@2026-11-02T00:00:00Z 1"}',NULL);
INSERT INTO "executions" VALUES(32,'pushed@2026-11-30T07:13:00Z','pushed',1796034406913,'waiting',0,NULL,'{"id":"pushed@2026-11-30T07:13:00Z","revision":0,"status":"waiting","job_version":0,"run":{"id":"pushed@2026-11-30T07:13:00Z","graph":0},"trigger":"push","priority":"normal","created_at":1796032606913,"due":1796034406913,"ready_at":1796034406913,"attempt":0,"guard":"0 1796034406913 start pushed@2026-11-30T07:13:00Z 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(33,'pushed@delayed','pushed',1796034406920,'waiting',0,NULL,'{"id":"pushed@delayed","revision":0,"status":"waiting","job_version":0,"run":{"id":"pushed@delayed","graph":0},"trigger":"push","priority":"normal","created_at":1796032606920,"due":1796034406920,"ready_at":1796034406920,"attempt":0,"guard":"0 1796034406920 start pushed@delayed 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"},"input":{"of":"an order"}}');
INSERT INTO "executions" VALUES(34,'pushed@running','pushed',1796032606921,'running',1,NULL,'{"id":"pushed@running","revision":1,"status":"running","job_version":0,"run":{"id":"pushed@running","graph":0},"trigger":"push","priority":"high","created_at":1796032606921,"due":1796032606921,"ready_at":1796032606921,"start_time":1796032606943,"attempt":1,"claim":{"id":9153725732132100915,"worker_id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","lease_until":1796032636943,"since":1796032606943},"guard":"0 1796032606921 start pushed@running 1"}','{"work":{"target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(35,'pushed@cancelled','pushed',1796034406981,'cancelled',1,1796032606982,'{"id":"pushed@cancelled","revision":1,"status":"cancelled","job_version":0,"run":{"id":"pushed@cancelled","graph":0},"trigger":"push","priority":"normal","created_at":1796032606981,"due":1796034406981,"ready_at":1796034406981,"end_time":1796032606982,"attempt":0,"reason":"enough","guard":"0 1796034406981 start pushed@cancelled 1"}','{"work":{"target":{"type":"command","command":"echo done"},"retry":{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3},"timeout":"1h","pool":"command"}}');
INSERT INTO "executions" VALUES(36,'unserved@queued','unserved',1796032606983,'queued',0,NULL,'{"id":"unserved@queued","revision":0,"status":"queued","job_version":0,"run":{"id":"unserved@queued","root":"unserved","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606983,"due":1796032606983,"ready_at":1796032606983,"attempt":0,"guard":"0 1796032606983 start unserved@queued 1"}',NULL);
INSERT INTO "executions" VALUES(37,'outside@leased','outside',1796032606984,'running',1,NULL,'{"id":"outside@leased","revision":1,"status":"running","job_version":1,"run":{"id":"outside@leased","root":"outside","graph":1},"trigger":"manual","priority":"normal","created_at":1796032606984,"due":1796032606984,"ready_at":1796032606984,"start_time":1796032606985,"attempt":1,"claim":{"id":3288042493010632721,"worker_id":"outsider","lease_until":1796032666985,"since":1796032606985,"holder":"remote"},"guard":"0 1796032606984 start outside@leased 1"}',NULL);
CREATE TABLE gates (
    gate TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "gates" VALUES('broken',4421245479178381815,'{"revision":4421245479178381815,"circuit":{"state":"open","until":1796034406572,"failures":1},"rank":0}');
INSERT INTO "gates" VALUES('keyed',2421082084016226343,'{"revision":2421082084016226343,"holders":["keyed@a1"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('keyed/b',2738822572789924602,'{"revision":2738822572789924602,"circuit":{"state":"closed","failures":0},"rank":1}');
INSERT INTO "gates" VALUES('one_at_a_time',7283891029095057104,'{"revision":7283891029095057104,"holders":["one_at_a_time@first"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('rated',3370991970846229525,'{"revision":3370991970846229525,"next_start":1796033806438,"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('replacing',1711148989913630969,'{"revision":1711148989913630969,"holders":["replacing@second"],"circuit":{"state":"closed","failures":0},"rank":0}');
INSERT INTO "gates" VALUES('upstream',8845112118577631237,'{"revision":8845112118577631237,"holders":["upstream@2026-11-30T09:56:40Z"],"circuit":{"state":"closed","failures":0},"rank":0}');
CREATE TABLE jobs (
    job_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    doc TEXT NOT NULL,
    PRIMARY KEY (job_id, version)
) WITHOUT ROWID;
INSERT INTO "jobs" VALUES('backfilled',1,1,NULL,'{"spec":{"job_id":"backfilled","schedule":"@daily","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('broken',1,1,NULL,'{"spec":{"job_id":"broken","target":{"type":"command","command":"echo broken >&2; exit 3"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest","circuit":{"threshold":1,"open_for":"30m"}},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('deadline',1,1,NULL,'{"spec":{"job_id":"deadline","schedule":"0 0 1 1 *","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","must_finish_by":"2h","misfire":"skip"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('downstream',1,1,NULL,'{"spec":{"job_id":"downstream","schedule":"*/10 * * * * *","end":"2026-11-30T09:56:59Z","target":{"type":"command","command":"echo done"},"dependencies":["upstream"],"trigger_rule":"all_done","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('each',1,1,NULL,'{"spec":{"job_id":"each","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"dependencies":["root"],"trigger_rule":"all_success","for_each":{"$result":"root"},"priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('fails',1,1,NULL,'{"spec":{"job_id":"fails","target":{"type":"command","command":"echo broken >&2; exit 3"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('flaky',1,1,NULL,'{"spec":{"job_id":"flaky","target":{"type":"command","command":"test \"$BELFRY_ATTEMPT\" -gt 1"},"trigger_rule":"all_success","priority":"normal","max_retries":2,"retry":{"max_retries":3,"backoff":"fixed","base":"30m","cap":"1h","jitter":"none","max_lost":3},"misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('hourly',1,1,NULL,'{"spec":{"job_id":"hourly","schedule":"0 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","tags":{"team":"data"}},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('hourly_skip',1,1,NULL,'{"spec":{"job_id":"hourly_skip","schedule":"0 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('interval',1,1,NULL,'{"spec":{"job_id":"interval","schedule":"@every 90s","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('joined',1,1,NULL,'{"spec":{"job_id":"joined","target":{"type":"command","command":"echo done"},"dependencies":["each"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('keyed',1,1,NULL,'{"spec":{"job_id":"keyed","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","max_concurrency":1,"concurrency_key":"input.customer"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('leaf',1,1,NULL,'{"spec":{"job_id":"leaf","target":{"type":"command","command":"echo done"},"input":{"from":{"$result":"root"}},"dependencies":["root"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('needs_bad',1,1,NULL,'{"spec":{"job_id":"needs_bad","target":{"type":"command","command":"echo done"},"dependencies":["fails"],"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('once_far',1,1,NULL,'{"spec":{"job_id":"once_far","run_at":"2099-12-24T18:00:00Z","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('once_soon',1,1,NULL,'{"spec":{"job_id":"once_soon","run_at":"2026-11-30T10:26:34Z","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('one_at_a_time',1,1,NULL,'{"spec":{"job_id":"one_at_a_time","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","max_concurrency":1},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('only_if_bad',1,1,NULL,'{"spec":{"job_id":"only_if_bad","target":{"type":"command","command":"echo done"},"dependencies":["root"],"trigger_rule":"all_failed","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('outside',1,1,NULL,'{"spec":{"job_id":"outside","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"misfire":"latest","pool":"outside"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('paused',1,1,NULL,'{"spec":{"job_id":"paused","schedule":"*/5 * * * *","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387,"paused_at":1796032594387}');
INSERT INTO "jobs" VALUES('rated',1,1,NULL,'{"spec":{"job_id":"rated","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","rate_limit":{"starts":1,"per":"20m"}},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('replacing',1,1,NULL,'{"spec":{"job_id":"replacing","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","concurrency":"replace"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('root',1,1,NULL,'{"spec":{"job_id":"root","target":{"type":"command","command":"echo ''[1, 2, 3]'' > \"$BELFRY_RESULT\""},"trigger_rule":"all_success","priority":"normal","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('times_out',1,1,NULL,'{"spec":{"job_id":"times_out","target":{"type":"command","command":"sleep 60"},"trigger_rule":"all_success","priority":"normal","max_retries":0,"timeout":"1s","misfire":"latest"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('unserved',1,1,NULL,'{"spec":{"job_id":"unserved","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","pool":"unserved"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('upstream',1,1,NULL,'{"spec":{"job_id":"upstream","schedule":"*/10 * * * * *","end":"2026-11-30T09:56:59Z","target":{"type":"command","command":"while test -e held; do sleep 0.1; done"},"trigger_rule":"all_success","priority":"normal","misfire":"latest","concurrency":"forbid"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
INSERT INTO "jobs" VALUES('vancouver',1,1,NULL,'{"spec":{"job_id":"vancouver","schedule":"0 9 * * *","timezone":"America/Vancouver","target":{"type":"command","command":"echo done"},"trigger_rule":"all_success","priority":"normal","misfire":"skip"},"version":1,"revision":1,"created_at":1796032594387,"updated_at":1796032594387}');
CREATE TABLE leases (
    lane INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    until INTEGER NOT NULL
);
INSERT INTO "leases" VALUES(0,'belfry-01M8NY5098MRJG4PAKNB0JBHT9',1,1796032612515);
CREATE TABLE lines (
    gate TEXT NOT NULL,
    place TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (gate, place, execution_id)
) WITHOUT ROWID;
INSERT INTO "lines" VALUES('broken','000000000000 001796032606708','broken@second','{"gate":"broken","rank":0,"due":1796032606708}');
INSERT INTO "lines" VALUES('keyed','000000000001 001796032606275','keyed@b1','{"gate":"keyed","rank":1,"due":1796032606275}');
INSERT INTO "lines" VALUES('one_at_a_time','000000000000 001796032604800','one_at_a_time@second','{"gate":"one_at_a_time","rank":0,"due":1796032604800}');
INSERT INTO "lines" VALUES('rated','000000000000 001796032606566','rated@second','{"gate":"rated","rank":0,"due":1796032606566}');
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
INSERT INTO "timers" VALUES(0,1796032596833,'backfill 01M8NY5CKHGCB1SSZQ9P62S1D1',0,0);
INSERT INTO "timers" VALUES(0,1796032600000,'slot downstream@2026-11-30T09:56:40Z',1,0);
INSERT INTO "timers" VALUES(0,1796032600000,'slot upstream@2026-11-30T09:56:40Z',1,0);
INSERT INTO "timers" VALUES(0,1796032604513,'start each@flow,0 1',0,0);
INSERT INTO "timers" VALUES(0,1796032604513,'start each@flow,1 1',0,0);
INSERT INTO "timers" VALUES(0,1796032604513,'start each@flow,2 1',0,0);
INSERT INTO "timers" VALUES(0,1796032604652,'start one_at_a_time@first 1',0,0);
INSERT INTO "timers" VALUES(0,1796032604800,'start one_at_a_time@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796032604928,'start replacing@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606127,'start keyed@a1 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606275,'start keyed@b1 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606566,'start rated@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606708,'start broken@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606839,'start backfilled@2026-11-01T00:00:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606839,'start backfilled@2026-11-02T00:00:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606921,'start pushed@running 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606983,'start unserved@queued 1',0,0);
INSERT INTO "timers" VALUES(0,1796032606984,'start outside@leased 1',0,0);
INSERT INTO "timers" VALUES(0,1796032610000,'slot downstream@2026-11-30T09:56:50Z',1,0);
INSERT INTO "timers" VALUES(0,1796032610000,'slot upstream@2026-11-30T09:56:50Z',1,0);
INSERT INTO "timers" VALUES(0,1796032619513,'check each@flow 2',0,0);
INSERT INTO "timers" VALUES(0,1796032620000,'slot interval@2026-11-30T09:57:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796032800000,'slot hourly@2026-11-30T10:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796032800000,'slot hourly_skip@2026-11-30T10:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796033806438,'start rated@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796034394000,'slot once_soon@2026-11-30T10:26:34Z',1,0);
INSERT INTO "timers" VALUES(0,1796034404207,'start flaky@again 2',0,0);
INSERT INTO "timers" VALUES(0,1796034406572,'start broken@second 1',0,0);
INSERT INTO "timers" VALUES(0,1796034406913,'start pushed@2026-11-30T07:13:00Z 1',0,0);
INSERT INTO "timers" VALUES(0,1796034406920,'start pushed@delayed 1',0,0);
INSERT INTO "timers" VALUES(0,1796058000000,'slot vancouver@2026-11-30T17:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1796083200000,'slot backfilled@2026-12-01T00:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,1798761600000,'slot deadline@2027-01-01T00:00:00Z',1,0);
INSERT INTO "timers" VALUES(0,4101818400000,'slot once_far@2099-12-24T18:00:00Z',1,0);
CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "tokens" VALUES('ci','OCjuJh9apoRuphSoUCQxldyAgChXONru7H_XhI4Sai8',1796032593983);
CREATE TABLE waiters (
    dependency TEXT NOT NULL,
    waiter TEXT NOT NULL,
    PRIMARY KEY (dependency, waiter)
) WITHOUT ROWID;
INSERT INTO "waiters" VALUES('upstream@2026-11-30T09:56:40Z','downstream@2026-11-30T09:56:40Z');
INSERT INTO "waiters" VALUES('each@flow,0','each@flow');
CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "workers" VALUES('belfry-01M8NY5098MRJG4PAKNB0JBHT9',1796032594356,1796032894356,0,'{"id":"belfry-01M8NY5098MRJG4PAKNB0JBHT9","kind":"daemon","version":"0.1.0","seen_at":1796032594356,"pools":{"command":{"capacity":64,"running":0},"default":{"capacity":1000,"running":0}}}');
INSERT INTO "workers" VALUES('outsider',1796032606985,1796032906985,1,'{"id":"outsider","kind":"http","version":null,"seen_at":1796032606985,"pools":{"outside":{"capacity":1,"running":0}},"labels":{"zone":"a"}}');
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
