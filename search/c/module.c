/* Passes over arrays for which NumPy needs several; what each does is said in _passes.pyi. Without them Lede does
 * the same in NumPy. */

#include "arrays.h"

/* Another one whenever a pass takes something else: the modules in Python ask for theirs. */
#define VERSION 11

#define ARGUMENTS(name, wanted)                                                                                        \
    static PyObject *checked_##name(PyObject *module, PyObject *const *args, Py_ssize_t nargs)                         \
    {                                                                                                                  \
        if (nargs != (wanted))                                                                                         \
            return PyErr_Format(PyExc_TypeError, #name "() takes %d arguments", (wanted));                             \
        return name(module, args, nargs);                                                                              \
    }

ARGUMENTS(rank, 7)
ARGUMENTS(spread, 4)
ARGUMENTS(list_facets, 2)
ARGUMENTS(write_facets, 2)
ARGUMENTS(list_best, 13)
ARGUMENTS(tally, 5)
ARGUMENTS(find_dated, 4)
ARGUMENTS(count_intervals, 4)
ARGUMENTS(saturate, 5)
ARGUMENTS(locate, 6)
ARGUMENTS(add_up, 4)
ARGUMENTS(match_all, 4)
ARGUMENTS(match_any, 5)
ARGUMENTS(expand, 14)
ARGUMENTS(find_text, 4)
ARGUMENTS(find_word, 5)
ARGUMENTS(find_row, 10)
ARGUMENTS(lay_bits, 4)
ARGUMENTS(follow, 12)
ARGUMENTS(take_stored, 3)
ARGUMENTS(name_articles, 3)
ARGUMENTS(mark, 6)
ARGUMENTS(write_hits, 8)
ARGUMENTS(make_chunks, 1)
ARGUMENTS(cut, 5)
ARGUMENTS(group, 5)
ARGUMENTS(read_lines, 1)
ARGUMENTS(make_columns, 1)
ARGUMENTS(add_records, 2)
ARGUMENTS(take_columns, 1)

#define METHOD(name) {#name, (PyCFunction)(void (*)(void))checked_##name, METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    METHOD(rank), METHOD(list_best), METHOD(spread), METHOD(tally), METHOD(find_dated), METHOD(count_intervals), METHOD(list_facets),
    METHOD(write_facets), METHOD(saturate), METHOD(locate), METHOD(add_up), METHOD(match_all), METHOD(match_any),
    METHOD(expand),
    METHOD(find_text), METHOD(find_word), METHOD(find_row), METHOD(lay_bits), METHOD(follow), METHOD(take_stored), METHOD(name_articles), METHOD(mark), METHOD(write_hits),
    METHOD(make_chunks), METHOD(cut), METHOD(group), METHOD(read_lines), METHOD(make_columns), METHOD(add_records),
    METHOD(take_columns),
    {NULL, NULL, 0, NULL},
};

static int
fill(PyObject *module)
{
    return PyModule_AddIntConstant(module, "VERSION", VERSION);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_passes", .m_size = 0, .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC
PyInit__passes(void)
{
    return PyModuleDef_Init(&definition);
}
