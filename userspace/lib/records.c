// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "format.h"
#include "records.h"

#define PV	RECORD_OF_PV
#define HVM	RECORD_OF_HVM
#define ONCE	true
#define MANY	false

static const struct record_rule rules[] = {
	[REC_END] = {
		"END", RECORD_END, PV | HVM, ONCE, REC_STATIC_DATA_END, 0, 0 },
	[REC_PAGE_DATA] = {
		"PAGE_DATA", RECORD_PAGES, PV | HVM, MANY, REC_STATIC_DATA_END,
		16, 1 },
	[REC_X86_PV_INFO] = {
		"X86_PV_INFO", RECORD_STATE, PV, ONCE, 0, 8, 1 },
	[REC_X86_PV_P2M_FRAMES] = {
		"X86_PV_P2M_FRAMES", RECORD_STATE, PV, MANY, REC_X86_PV_INFO,
		16, 8 },
	[REC_X86_PV_VCPU_BASIC] = {
		"X86_PV_VCPU_BASIC", RECORD_STATE, PV, MANY, 0, 8, 1 },
	[REC_X86_PV_VCPU_EXTENDED] = {
		"X86_PV_VCPU_EXTENDED", RECORD_STATE, PV, MANY, 0, 8, 1 },
	[REC_X86_PV_VCPU_XSAVE] = {
		"X86_PV_VCPU_XSAVE", RECORD_STATE, PV, MANY, 0, 8, 1 },
	[REC_SHARED_INFO] = {
		"SHARED_INFO", RECORD_STATE, PV, MANY, REC_X86_PV_INFO, 4096, 0 },
	[REC_X86_TSC_INFO] = {
		"X86_TSC_INFO", RECORD_STATE, PV | HVM, MANY, 0, 24, 0 },
	[REC_HVM_CONTEXT] = {
		"HVM_CONTEXT", RECORD_STATE, HVM, MANY, 0, 1, 1 },
	[REC_HVM_PARAMS] = {
		"HVM_PARAMS", RECORD_PARAMS, HVM, MANY, 0, 8, 16 },
	[REC_TOOLSTACK] = {
		"TOOLSTACK", RECORD_STATE, 0, MANY, 0, 0, 1 },
	[REC_X86_PV_VCPU_MSRS] = {
		"X86_PV_VCPU_MSRS", RECORD_STATE, PV, MANY, 0, 8, 16 },
	[REC_VERIFY] = {
		"VERIFY", RECORD_LIVE, 0, MANY, 0, 0, 1 },
	[REC_CHECKPOINT] = {
		"CHECKPOINT", RECORD_LIVE, 0, MANY, 0, 0, 1 },
	[REC_CHECKPOINT_DIRTY_PFN_LIST] = {
		"CHECKPOINT_DIRTY_PFN_LIST", RECORD_LIVE, 0, MANY, 0, 0, 1 },
	[REC_STATIC_DATA_END] = {
		"STATIC_DATA_END", RECORD_STATIC_END, PV | HVM, ONCE, 0, 0, 0 },
	[REC_X86_CPUID_POLICY] = {
		"X86_CPUID_POLICY", RECORD_STATE, PV | HVM, MANY, 0, 24, 24 },
	[REC_X86_MSR_POLICY] = {
		"X86_MSR_POLICY", RECORD_STATE, PV | HVM, MANY, 0, 16, 16 },
};

const struct record_rule *record_rule(uint32_t type)
{
	return type < sizeof(rules) / sizeof(rules[0]) ? &rules[type] : NULL;
}

enum record_kind record_kind(uint32_t type)
{
	const struct record_rule *rule = record_rule(type);

	if (rule)
		return rule->kind;
	if (type >= REC_THAW_PADDING && type <= REC_THAW_PAGE_SUMS)
		return RECORD_THAW;
	if (type >= REC_THAW_PADDING && type <= REC_THAW_LAST)
		return RECORD_THAW_LATER;
	return type & REC_OPTIONAL ? RECORD_SKIP : RECORD_UNKNOWN;
}

const char *record_name(uint32_t type)
{
	const struct record_rule *rule = record_rule(type);

	if (rule)
		return rule->name;
	return type & REC_OPTIONAL ? "optional" : "unknown";
}
