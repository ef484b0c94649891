# A tour of the Python client against a served cluster: CRUD, watch, exec, port-forward. Prints one line per step; the test compares them.
import os, select, sys
from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

config.load_kube_config(os.environ['KUBECONFIG'])
v1, apps = client.CoreV1Api(), client.AppsV1Api()
v1.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name='python')))
cm = v1.create_namespaced_config_map('python', client.V1ConfigMap(metadata=client.V1ObjectMeta(name='a'), data={'k': '1'}))
cm.data['k'] = '2'
cm = v1.replace_namespaced_config_map('a', 'python', cm)
cm = v1.patch_namespaced_config_map('a', 'python', {'data': {'l': '3'}})
try:
    v1.read_namespaced_config_map('nope', 'python')
except ApiException as e:
    print('crud', cm.data, e.status, e.reason)
v1.create_namespaced_pod('python', client.V1Pod(metadata=client.V1ObjectMeta(name='web'), spec=client.V1PodSpec(containers=[client.V1Container(name='web', image='nginx')])))
w = watch.Watch()
for e in w.stream(v1.list_namespaced_pod, 'python', timeout_seconds=20):
    if e['object'].status.phase == 'Running':
        print('watch: Running')
        w.stop()
print('exec:', stream(v1.connect_get_namespaced_pod_exec, 'web', 'python', command=['hostname'], stdin=False, stdout=True, stderr=True, tty=False).strip())
s = stream(v1.connect_get_namespaced_pod_exec, 'web', 'python', command=['sh'], stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
s.write_stdin('echo $((6*7)); exit 5\n')
s.run_forever(timeout=10)
print('interactive:', s.read_stdout().strip(), s.returncode)
pf = portforward(v1.connect_get_namespaced_pod_portforward, 'web', 'python', ports='80')
http = pf.socket(80)
http.setblocking(True)
http.sendall(b'GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n')
answer = b''
while b'</html>' not in answer:
    select.select([http], [], [], 10)
    part = http.recv(65536)
    if not part:
        break
    answer += part
print('port-forward:', answer.split(b'\r\n')[0].decode(), b'Welcome to nginx' in answer)
print('log:', 'worker process' in v1.read_namespaced_pod_log('web', 'python'))
v1.delete_collection_namespaced_config_map('python')
print('server', client.VersionApi().get_code().git_version)
