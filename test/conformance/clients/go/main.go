// A tour of client-go against a served cluster: CRUD, an informer, exec, port-forward, leader election, a small controller with owner references.
// Prints one line per step; the test compares them.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
)

func must[T any](v T, err error) T {
	check(err)
	return v
}
func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
func until(what string, done func() bool) {
	for i := 0; i < 300; i++ {
		if done() {
			fmt.Println(what)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("never:", what)
	os.Exit(1)
}

func main() {
	config := must(clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG")))
	config.QPS, config.Burst = 200, 400
	c := must(kubernetes.NewForConfig(config))
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	defer stop()
	ns := "client-go"
	must(c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}))
	cms := c.CoreV1().ConfigMaps(ns)

	// CRUD
	cm := must(cms.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Data: map[string]string{"k": "1"}, BinaryData: map[string][]byte{"b": {0, 255}}}, metav1.CreateOptions{}))
	cm.Data["k"] = "2"
	cm = must(cms.Update(ctx, cm, metav1.UpdateOptions{}))
	old := cm.DeepCopy()
	cm = must(cms.Patch(ctx, "a", types.StrategicMergePatchType, []byte(`{"data":{"k":"3"}}`), metav1.PatchOptions{}))
	_, err := cms.Update(ctx, old, metav1.UpdateOptions{})
	fmt.Println("crud", cm.Data["k"], cm.BinaryData["b"], "conflict:", apierrors.IsConflict(err))
	_, err = cms.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
	_, gone := cms.Get(ctx, "nope", metav1.GetOptions{})
	fmt.Println("exists:", apierrors.IsAlreadyExists(err), "not found:", apierrors.IsNotFound(gone))

	// informer
	seen := make(chan string, 100)
	factory := informers.NewSharedInformerFactoryWithOptions(c, 0, informers.WithNamespace(ns))
	must(factory.Core().V1().Secrets().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { seen <- "added " + o.(*corev1.Secret).Name },
		UpdateFunc: func(_, o any) { seen <- "updated " + o.(*corev1.Secret).Name },
		DeleteFunc: func(o any) { seen <- "deleted " + o.(metav1.Object).GetName() },
	}))
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	secret := must(c.CoreV1().Secrets(ns).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, StringData: map[string]string{"p": "w"}}, metav1.CreateOptions{}))
	secret.Labels = map[string]string{"l": "1"}
	must(c.CoreV1().Secrets(ns).Update(ctx, secret, metav1.UpdateOptions{}))
	zero := int64(0)
	check(c.CoreV1().Secrets(ns).Delete(ctx, "s", metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &secret.UID}}))
	fmt.Println("informer:", <-seen+",", <-seen+",", <-seen)

	// a controller: every ConfigMap labelled deploy=yes owns a Deployment
	maps := factory.Core().V1().ConfigMaps().Informer()
	must(maps.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(o any) {
		m := o.(*corev1.ConfigMap)
		if m.Labels["deploy"] != "yes" {
			return
		}
		yes, two := true, int32(2)
		labels := map[string]string{"app": m.Name}
		_, err := c.AppsV1().Deployments(ns).Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: m.Name, OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: m.Name, UID: m.UID, Controller: &yes}}},
			Spec: appsv1.DeploymentSpec{Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "nginx", Ports: []corev1.ContainerPort{{ContainerPort: 80}}}}}}},
		}, metav1.CreateOptions{})
		check(err)
	}}))
	factory.Start(ctx.Done())
	must(cms.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner", Labels: map[string]string{"deploy": "yes"}}}, metav1.CreateOptions{}))
	until("controller: the Deployment is available", func() bool {
		d, err := c.AppsV1().Deployments(ns).Get(ctx, "owner", metav1.GetOptions{})
		return err == nil && d.Status.AvailableReplicas == 2
	})

	// exec, by WebSocket and by SPDY
	pod := must(c.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "app=owner", Limit: 1})).Items[0].Name
	request := c.CoreV1().RESTClient().Post().Resource("pods").Namespace(ns).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: []string{"sh", "-c", "cat; exit 3"}, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	for name, executor := range map[int]remotecommand.Executor{
		1: must(remotecommand.NewWebSocketExecutor(config, "GET", request.URL().String())),
		2: must(remotecommand.NewSPDYExecutor(config, "POST", request.URL())),
	} {
		var out bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: bytes.NewBufferString("hello"), Stdout: &out, Stderr: io.Discard})
		if out.String() != "hello" || err == nil || err.Error() != "command terminated with exit code 3" {
			fmt.Println("exec", name, out.String(), err)
			os.Exit(1)
		}
	}
	fmt.Println("exec: both ways")

	// port-forward, tunnelled and plain
	forward := c.CoreV1().RESTClient().Post().Resource("pods").Namespace(ns).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	check(err)
	tunnel, err := portforward.NewSPDYOverWebsocketDialer(forward, config)
	check(err)
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, "POST", forward)
	ready, end := make(chan struct{}), make(chan struct{})
	pf := must(portforward.NewOnAddresses(tunnel, []string{"127.0.0.1"}, []string{"0:80"}, end, ready, io.Discard, io.Discard))
	go func() { check(pf.ForwardPorts()) }()
	<-ready
	ready2, end2 := make(chan struct{}), make(chan struct{})
	pf2 := must(portforward.NewOnAddresses(plain, []string{"127.0.0.1"}, []string{"0:80"}, end2, ready2, io.Discard, io.Discard))
	go func() { check(pf2.ForwardPorts()) }()
	<-ready2
	for _, p := range []*portforward.PortForwarder{pf, pf2} {
		for range 3 {
			r := must(http.Get(fmt.Sprintf("http://127.0.0.1:%d/", must(p.GetPorts())[0].Local)))
			b := must(io.ReadAll(r.Body))
			if r.StatusCode != 200 || !bytes.Contains(b, []byte("Welcome to nginx")) {
				fmt.Println("port-forward", r.StatusCode, len(b))
				os.Exit(1)
			}
		}
	}
	close(end)
	close(end2)
	fmt.Println("port-forward: both ways")

	// deleting the owner takes what it owns
	background := metav1.DeletePropagationBackground
	check(cms.Delete(ctx, "owner", metav1.DeleteOptions{PropagationPolicy: &background}))
	until("garbage collection: nothing is left", func() bool {
		return len(must(c.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "app=owner"})).Items) == 0
	})

	// leader election: the second leads when the first gives up
	elect := func(id string, lead chan string, ctx context.Context) {
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock:            &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Name: "lock", Namespace: ns}, Client: c.CoordinationV1(), LockConfig: resourcelock.ResourceLockConfig{Identity: id}},
			ReleaseOnCancel: true, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { lead <- id }, OnStoppedLeading: func() {}},
		})
	}
	lead := make(chan string, 2)
	first, quit := context.WithCancel(ctx)
	go elect("one", lead, first)
	fmt.Println("leader:", <-lead)
	second, quit2 := context.WithCancel(ctx)
	go elect("two", lead, second)
	time.Sleep(500 * time.Millisecond)
	quit()
	fmt.Println("leader:", <-lead)
	quit2()

	// discovery and a raw health check
	version := must(c.Discovery().ServerVersion())
	health := must(c.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx))
	fmt.Println("server", version.GitVersion, string(health))
	check(c.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{}))
	until("namespace: gone", func() bool { _, err := c.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{}); return apierrors.IsNotFound(err) })
}
