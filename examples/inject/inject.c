// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject: not an example, but a module that their test, test.sh, needs.
 *
 * It makes packets that no socket can send: hexadecimal digits written to the
 * parameter "packet" arrive on the loopback interface as a UDP packet. They are the
 * bytes behind its IPv4 header, beginning with the UDP header, which may be cut short
 * or wrong. If the parameter "piece" is not 0, only the IPv4 header is in the linear
 * part of the buffer; the rest is in page fragments of that many bytes each, of which
 * the last may be shorter.
 *
 * It also registers a netfilter hook that does nothing. When the first hook of a kind
 * is registered or the last one goes, the kernel patches its network code by way of a
 * breakpoint, while other processors run that code. QEMU without KVM may go on to see
 * the breakpoint on one of them for ever. While this hook is there, the test can load
 * and unload dnsfilter with packets on their way.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bottom_half.h>
#include <linux/gfp.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/ip.h>
#include <net/route.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/hex.h>
#endif

static unsigned int piece;
module_param(piece, uint, 0644);
MODULE_PARM_DESC(piece, "bytes in each page fragment; 0: none (default)");

static void add_ip_header(struct sk_buff *skb, size_t payload)
{
	struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = htons(sizeof(*ip) + payload);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = htonl(INADDR_LOOPBACK);
	ip->daddr = htonl(INADDR_LOOPBACK);
	ip_send_check(ip);
}

/* Each fragment has its own reference to @page. */
static void add_fragments(struct sk_buff *skb, struct page *page, size_t len)
{
	size_t from = 0;
	size_t size;
	int i;

	for (i = 0; from < len; i++) {
		size = min_t(size_t, piece, len - from);
		if (i == MAX_SKB_FRAGS - 1)
			size = len - from;
		get_page(page);
		skb_add_rx_frag(skb, i, page, from, size, size);
		from += size;
	}
}

static int receive(struct page *page, size_t len)
{
	struct flowi4 flow = {
		.saddr = htonl(INADDR_LOOPBACK),
		.daddr = htonl(INADDR_LOOPBACK),
	};
	struct sk_buff *skb;
	struct rtable *rt;

	rt = ip_route_output_key(&init_net, &flow);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	skb = alloc_skb(sizeof(struct iphdr) + len, GFP_KERNEL);
	if (!skb) {
		ip_rt_put(rt);
		return -ENOMEM;
	}

	/* as the loopback device does: with the route of the sender */
	skb_dst_set(skb, &rt->dst);
	skb->dev = init_net.loopback_dev;
	skb->protocol = htons(ETH_P_IP);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb_reset_mac_header(skb);
	add_ip_header(skb, len);
	if (piece)
		add_fragments(skb, page, len);
	else
		skb_put_data(skb, page_address(page), len);
	/*
	 * With bottom halves off the packet goes through the stack before this returns,
	 * even if ksoftirqd is running.
	 */
	local_bh_disable();
	netif_receive_skb(skb);
	local_bh_enable();
	return 0;
}

static int set_packet(const char *text, const struct kernel_param *kp)
{
	size_t digits = strcspn(text, "\n");
	struct page *page;
	int err;

	if (digits % 2 || digits / 2 > PAGE_SIZE)
		return -EINVAL;
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	err = hex2bin(page_address(page), text, digits / 2);
	if (!err)
		err = receive(page, digits / 2);
	put_page(page);
	return err;
}

static const struct kernel_param_ops packet_ops = {
	.set = set_packet,
};
module_param_cb(packet, &packet_ops, NULL, 0200);
MODULE_PARM_DESC(packet, "the packet's bytes from the UDP header on, in hexadecimal");

static unsigned int accept(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *hook)
{
	return NF_ACCEPT;
}

static const struct nf_hook_ops ops = {
	.hook = accept,
	.pf = NFPROTO_INET,
	.hooknum = NF_INET_LOCAL_IN,
	.priority = NF_IP_PRI_LAST,
};

static int __init inject_init(void)
{
	return nf_register_net_hook(&init_net, &ops);
}

static void __exit inject_exit(void)
{
	nf_unregister_net_hook(&init_net, &ops);
}

module_init(inject_init);
module_exit(inject_exit);

MODULE_DESCRIPTION("Receives packets that no socket sends");
MODULE_LICENSE("GPL");
