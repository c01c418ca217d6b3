// SPDX-License-Identifier: GPL-2.0-only
/*
 * luapeer: puts what there is of network devices into luashare's state, as a table of
 * tables with binary strings in it, and shows that and what sessions have shared:
 *
 *	echo 1 > /sys/module/luapeer/parameters/shared
 *	cat /sys/module/luapeer/parameters/shared
 *
 * It knows no more of luashare than the name of the state and of functions in it, and
 * holds the state for each call only, so luashare can come and go.
 */
#include <linux/netdevice.h>

#include "states.h"

/* One at a time, as all that has to do with parameters of a module */
static int set_shared(const char *text, const struct kernel_param *kp)
{
	struct klua_call done = { .function = "devices" };
	struct rtnl_link_stats64 room;
	struct net_device *dev;
	int i = 0, err = 0;

	rcu_read_lock();
	for_each_netdev_rcu(&init_net, dev) {
		const struct rtnl_link_stats64 *n = dev_get_stats(dev, &room);
		struct klua_call call = {
			.function = "device",
			KLUA_ARGS(KLUA_ARG_INTEGER(++i), KLUA_ARG_TEXT(dev->name),
				  KLUA_ARG_INTEGER(dev->mtu),
				  KLUA_ARG_STRING(dev->dev_addr, dev->addr_len),
				  KLUA_ARG_INTEGER(n->rx_packets), KLUA_ARG_INTEGER(n->tx_packets)),
		};

		err = err ?: klua_invoke("luashare", &call);
	}
	rcu_read_unlock();
	return err ?: klua_invoke("luashare", &done);
}

static int get_shared(char *buf, const struct kernel_param *kp)
{
	struct klua_value text = KLUA_RESULT_STRING(buf, PAGE_SIZE);
	struct klua_call call = { .function = "list", .results = &text, .nresults = 1 };
	int err = klua_invoke("luashare", &call);

	return err ?: min_t(size_t, text.len, PAGE_SIZE - 1);
}

module_param_call(shared, set_shared, get_shared, NULL, 0600);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Data for luashare from another module");
MODULE_LICENSE("GPL");
