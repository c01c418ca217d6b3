// SPDX-License-Identifier: GPL-2.0-only
/*
 * luapeer: puts the network devices into luashare's state, as a table of tables with
 * binary strings in them, and shows these and all that sessions have shared:
 *
 *	echo 1 > /sys/module/luapeer/parameters/shared
 *	cat /sys/module/luapeer/parameters/shared
 *
 * This module knows only the name of luashare's state and of functions in it. It holds
 * the state for one call at a time, so luashare can be unloaded and loaded again.
 */
#include <linux/netdevice.h>

#include "states.h"

/* Called for one write at a time: the kernel has a lock for a module's parameters. */
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
